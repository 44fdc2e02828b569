/** How a file separates and quotes its fields. */
export interface Dialect {
  /** One ASCII character. */
  readonly separator: string;
  /** One ASCII character, or undefined where quotes mean nothing. */
  readonly quote: string | undefined;
}

/** The quote unless told otherwise. */
export const DEFAULT_QUOTE = '"';

const SEPARATORS = [",", ";", "\t", "|"] as const;

/** The separator that occurs most often in the header, outside quotes; a comma if there is none. */
export function detectSeparator(headerLine: string, quote: string | undefined): string {
  const counts = new Map<string, number>(SEPARATORS.map((separator) => [separator, 0]));
  let quoted = false;
  for (const character of headerLine) {
    if (character === quote) quoted = !quoted;
    else if (!quoted) {
      const count = counts.get(character);
      if (count !== undefined) counts.set(character, count + 1);
    }
  }
  let best: string = SEPARATORS[0];
  for (const [separator, count] of counts) {
    if (count > (counts.get(best) as number)) best = separator;
  }
  return best;
}
