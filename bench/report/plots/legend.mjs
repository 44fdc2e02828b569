import { boxAt, textAt, widthOf } from "./svg.mjs";

const LINE_PX = 15;
const SQUARE_PX = 9;
const GAP_PX = 16;

/**
 * Names with their colours, on as many lines as they need.
 * @param {ReadonlyMap<string, string>} colours by name
 * @param {{ left: number, top: number, width: number }} place
 * @returns {{ marks: string[], height: number }}
 */
export function legend(colours, { left, top, width }) {
  const marks = [];
  let [x, y] = [left, top];
  for (const [name, colour] of colours) {
    const wanted = SQUARE_PX + 5 + widthOf(name);
    if (x > left && x + wanted > left + width) [x, y] = [left, y + LINE_PX];
    marks.push(boxAt(x, y, { width: SQUARE_PX, height: SQUARE_PX, colour }));
    marks.push(textAt(x + SQUARE_PX + 5, y + SQUARE_PX, name));
    x += wanted + GAP_PX;
  }
  return { marks, height: colours.size === 0 ? 0 : y - top + LINE_PX };
}
