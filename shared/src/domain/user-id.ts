/** Longest legal user id, in bytes of UTF-8. */
export const USER_ID_BYTES_MAX = 256;

const ASCII_MAX = 0x7f;

/**
 * Whether it is an id of 1..256 bytes of ASCII without NUL, as nearly all are: then it is legal, and nobody need make a
 * text of it to know.
 */
export function isPlainUserId(bytes: Uint8Array): boolean {
  const { length } = bytes;
  if (length === 0 || length > USER_ID_BYTES_MAX) return false;
  for (let at = 0; at < length; at++) {
    const byte = bytes[at] as number;
    if (byte === 0 || byte > ASCII_MAX) return false;
  }
  return true;
}

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
