/** A cell's value by its column's type. */
export type CellValue = string | number | boolean;

/** Sorts by code point: names are compared by their UTF-8, whose byte order is that of the code points. */
export function sortedByCodePoint<Named>(named: readonly Named[], nameOf: (one: Named) => string): Named[] {
  return named
    .map((one) => ({ one, bytes: Buffer.from(nameOf(one), "utf8") }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes))
    .map(({ one }) => one);
}

/** The one JSON text of a set of attributes, given sorted by code point: no white space, absent ones left out. */
export function canonicalJson(sorted: Iterable<readonly [name: string, value: CellValue]>): string {
  const members: string[] = [];
  for (const [name, value] of sorted) members.push(`${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{${members.join(",")}}`;
}
