/**
 * The cells of the Markdown table that stands between `<!-- name -->` and `<!-- /name -->`, its rule left out.
 * For tests that hold the documentation against the code.
 */
export function tableIn(markdown: string, name: string): string[][] {
  const text = markdown.split(`<!-- ${name} -->`)[1]?.split(`<!-- /${name} -->`)[0] ?? "";
  return text
    .split("\n")
    .filter((line) => line.startsWith("|") && !/^\|[\s:|-]+\|$/.test(line))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf("|"))
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    );
}
