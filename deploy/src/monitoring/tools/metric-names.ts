const STRINGS = /"(?:[^"\\]|\\.)*"/g;
const MATCHERS_AND_RANGES = /\{[^}]*\}|\[[^\]]*\]/g;
const LABEL_LISTS = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g;
/** What follows `offset` is a duration. */
const OFFSETS = /\boffset\s+\S+/g;
const IDENTIFIERS = /(?<![\w:.])[a-zA-Z_:][\w:]*(?!\w)(?!\s*\()/g;
const KEYWORDS = new Set(["and", "or", "unless", "bool"]);

/** The metrics that an expression reads: every identifier that is no function, label or keyword. */
export function metricNames(expr: string): Set<string> {
  const bare = [STRINGS, MATCHERS_AND_RANGES, LABEL_LISTS, OFFSETS].reduce(
    (text, pattern) => text.replace(pattern, " "),
    expr,
  );
  const identifiers = [...bare.matchAll(IDENTIFIERS)].map(([identifier]) => identifier);
  return new Set(identifiers.filter((identifier) => !KEYWORDS.has(identifier)));
}
