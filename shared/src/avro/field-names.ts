/**
 * Legal, unique Avro names for CSV headers, in the order given: every character that Avro refuses becomes `_`,
 * a leading digit gets a `_` before it, and a name that is taken gets `_2`, `_3`, … behind it.
 */
export function assignFieldNames(headers: readonly string[], taken: readonly string[]): string[] {
  const used = new Set(taken);
  return headers.map((header) => {
    const name = firstFree(legalName(header), used);
    used.add(name);
    return name;
  });
}

function legalName(header: string): string {
  const legal = header.replace(/[^A-Za-z0-9_]/gu, "_");
  return /^[A-Za-z_]/.test(legal) ? legal : `_${legal}`;
}

function firstFree(name: string, used: ReadonlySet<string>): string {
  if (!used.has(name)) return name;
  // One of size + 1 different names is free.
  for (let suffix = 2; suffix <= used.size + 2; suffix++) {
    if (!used.has(`${name}_${suffix}`)) return `${name}_${suffix}`;
  }
  throw new Error(`no free field name for ${name}`);
}
