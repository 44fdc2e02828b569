/** One word of a POSIX shell, whatever stands in the text. */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
