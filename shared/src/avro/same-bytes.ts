/**
 * Whether so many bytes are the same in both from their places on, as far as which both are known to reach. Byte by
 * byte: to enter the runtime for so few costs more.
 */
export function areSameBytes(
  a: Uint8Array,
  aAt: number,
  b: Uint8Array,
  bAt: number,
  length: number,
): boolean {
  for (let index = 0; index < length; index++) if (a[aAt + index] !== b[bAt + index]) return false;
  return true;
}
