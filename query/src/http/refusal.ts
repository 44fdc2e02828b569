/** What HTTP itself refuses before a question is read; `Problem` is how a question can go without an answer. */
export const REFUSAL_CODES = ["method-not-allowed", "headers-too-large", "request-timed-out"] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: RefusalCode;
  /** The methods that the path knows, as the header Allow has them. */
  readonly allow: string | undefined;

  constructor(code: RefusalCode, detail: string, allow?: string) {
    super(detail);
    this.code = code;
    this.allow = allow;
  }
}
