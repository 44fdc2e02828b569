/** Milliseconds as seconds with one digit, for a person. */
export function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}
