// The few marks that panels are drawn of.

/** px of a letter at the page's size, in the widest font that a browser takes for sans-serif. */
const LETTER_PX = 6.7;
const INK = "#222";

/** At most, in px: what is drawn beside a text must not lie on it. */
export function widthOf(text) {
  return text.length * LETTER_PX;
}

/** @param {{ anchor?: "start" | "middle" | "end", colour?: string, size?: number, isBold?: boolean }} [look] */
export function textAt(x, y, text, { anchor = "start", colour = INK, size, isBold = false } = {}) {
  const font = `${size === undefined ? "" : ` font-size="${size}"`}${isBold ? ' font-weight="bold"' : ""}`;
  return `<text x="${px(x)}" y="${px(y)}" text-anchor="${anchor}" fill="${colour}"${font}>${escaped(text)}</text>`;
}

export function boxAt(x, y, { width, height, colour }) {
  return `<rect x="${px(x)}" y="${px(y)}" width="${px(Math.max(0, width))}" height="${px(height)}" fill="${colour}"/>`;
}

/** @param {string} path in SVG's own words */
export function pathOf(path, colour = INK, width = 1) {
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="${width}"/>`;
}

export function moved(x, y, marks) {
  return [`<g transform="translate(${px(x)} ${px(y)})">`, ...marks, "</g>"];
}

/** A tenth of a pixel is finer than can be seen. */
export function px(value) {
  return Math.round(value * 10) / 10;
}

function escaped(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
