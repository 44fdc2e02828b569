/** How a text is written as a number: a sum of these, of which NUMBER is always one. */
export const NUMBER = 1;
/** It has a fraction, behind a point or behind a comma. */
export const POINT = 2;
export const COMMA = 4;
export const EXPONENT = 8;
/** It starts with a plus, or with a zero that other digits follow: an id may look so, an amount does not. */
export const PADDED = 16;

const NO_NUMBER = 0;

/**
 * The form of `[+-]digits[(.|,)digits][(e|E)[+-]digits]`, ASCII digits, at least one in each place; 0 for any other
 * text. Reads the text once: a regular expression with its match costs several times as much, and each cell pays it.
 */
export function numberForm(text: string): number {
  const first = hasSign(text, 0) ? 1 : 0;
  let form = NUMBER;
  let at = endOfDigits(text, first);
  if (at === first) return NO_NUMBER;
  if (text.charCodeAt(0) === PLUS || (at > first + 1 && text.charCodeAt(first) === ZERO)) form |= PADDED;
  if (at === text.length) return form;

  const mark = text.charCodeAt(at);
  if (mark === FULL_STOP || mark === COMMA_SIGN) {
    form |= mark === COMMA_SIGN ? COMMA : POINT;
    const fraction = at + 1;
    at = endOfDigits(text, fraction);
    if (at === fraction) return NO_NUMBER;
    if (at === text.length) return form;
  }

  const letter = text.charCodeAt(at);
  if (letter !== SMALL_E && letter !== CAPITAL_E) return NO_NUMBER;
  const exponent = hasSign(text, at + 1) ? at + 2 : at + 1;
  at = endOfDigits(text, exponent);
  return at > exponent && at === text.length ? form | EXPONENT : NO_NUMBER;
}

const PLUS = 0x2b;
const COMMA_SIGN = 0x2c;
const MINUS = 0x2d;
const FULL_STOP = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const CAPITAL_E = 0x45;
const SMALL_E = 0x65;

function hasSign(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === MINUS || code === PLUS;
}

/** The index of the first character from `start` on that is no digit, or the text's length. */
function endOfDigits(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < ZERO || code > NINE) break;
  }
  return at;
}
