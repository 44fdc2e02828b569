/**
 * Whether this is a system's error with one of these codes (`ENOENT`, …). By its shape and not by its class, for an
 * error may come from another realm than the caller's, as under jest.
 */
export function hasErrorCode(error: unknown, ...codes: readonly string[]): boolean {
  return typeof error === "object" && error !== null && "code" in error && codes.includes(String(error.code));
}
