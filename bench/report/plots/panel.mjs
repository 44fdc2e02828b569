import { textAt } from "./svg.mjs";

/** px of a panel of one column. */
export const PANEL_WIDTH = 440;
/** What the title and the unit below it take. */
export const HEAD_HEIGHT = 42;
/** Free to the right of what is drawn, so that panels do not touch. */
export const RIGHT = 20;
export const GRID = "#ddd";
export const QUIET = "#666";

/** The title, and below it what is measured, with its unit. */
export function headOf(title, unit) {
  return [textAt(0, 14, title, { isBold: true }), textAt(0, 29, unit, { colour: QUIET })];
}
