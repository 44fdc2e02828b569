/** Longest legal user id, in bytes of UTF-8. */
export const USER_ID_BYTES_MAX = 256;

/**
 * Why `user` is no legal id, or undefined if it is one: 1..256 bytes of valid UTF-8 without NUL. Ids are never
 * normalised and are compared as bytes. (A JavaScript string with a lone surrogate has no valid UTF-8.)
 */
export function userIdProblem(user: string): string | undefined {
  if (user.length === 0) return "the user id is empty";
  if (Buffer.byteLength(user) > USER_ID_BYTES_MAX)
    return `the user id is longer than ${USER_ID_BYTES_MAX} bytes`;
  if (user.includes("\0")) return "the user id holds a NUL";
  if (!user.isWellFormed()) return "the user id is not valid UTF-8";
  return undefined;
}
