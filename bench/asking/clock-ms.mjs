/** ms by a clock that all threads share, which performance.now() does not. */
export function clockMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}
