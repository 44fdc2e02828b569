import { PANEL_WIDTH, QUIET } from "./panel.mjs";
import { moved, textAt } from "./svg.mjs";

/** Panels of one column that stand beside each other: what a browser's window shows. */
const COLUMNS = 3;
const MARGIN = 20;
const HEADING_HEIGHT = 26;
const LINE_HEIGHT = 16;
const GAP = 26;

/**
 * @typedef {{ columns: number, height: number, marks: readonly string[] }} Panel
 * @typedef {{ title: string, lines: readonly string[], panels: readonly Panel[] }} Section `lines` stand below its title
 * @param {readonly Section[]} sections one below the other
 * @returns {string} an SVG
 */
export function pageOf(sections) {
  const marks = [];
  let y = MARGIN;
  for (const { title, lines, panels } of sections) {
    marks.push(textAt(MARGIN, y + 12, title, { size: 15, isBold: true }));
    marks.push(
      ...lines.map((line, index) =>
        textAt(MARGIN, y + HEADING_HEIGHT + 4 + index * LINE_HEIGHT, line, { colour: QUIET }),
      ),
    );
    y += HEADING_HEIGHT + lines.length * LINE_HEIGHT + GAP / 2;
    for (const row of rowsOf(panels)) {
      marks.push(
        ...row.placed.flatMap(({ panel, column }) => moved(MARGIN + column * PANEL_WIDTH, y, panel.marks)),
      );
      y += row.height + GAP;
    }
  }
  const [width, height] = [COLUMNS * PANEL_WIDTH + MARGIN, Math.ceil(y)];
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    ...marks,
    "</svg>\n",
  ].join("\n");
}

function rowsOf(panels) {
  const rows = [];
  let column = COLUMNS;
  for (const panel of panels) {
    if (column + panel.columns > COLUMNS) {
      rows.push({ placed: [], height: 0 });
      column = 0;
    }
    const row = rows.at(-1);
    row.placed.push({ panel, column });
    row.height = Math.max(row.height, panel.height);
    column += panel.columns;
  }
  return rows;
}
