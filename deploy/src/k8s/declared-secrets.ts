import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../root.js";

/** Of a row of the table in docs/kubernetes.md: the Secret's name, and its keys. */
const ROW = /^\| `([a-z0-9-]+)`\s*\| (`[^|]+`)\s*\|/gm;
const BEGIN = "<!-- secrets -->";
const END = "<!-- /secrets -->";

/** The Secrets that docs/kubernetes.md asks a person to bring, each with its keys. */
export function declaredSecrets(): Map<string, string[]> {
  const page = readFileSync(join(ROOT, "docs/kubernetes.md"), "utf8");
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Error(`docs/kubernetes.md has no table between ${BEGIN} and ${END}`);
  return new Map(
    [...page.slice(begin, end).matchAll(ROW)].map(([, name = "", keys = ""]) => [
      name,
      keys.split(",").map((key) => key.trim().replaceAll("`", "")),
    ]),
  );
}
