/** A peer cannot be built on this machine; the message says what is missing, and how to get it. */
export class NotBuiltError extends Error {
  name = "NotBuiltError";
}
