import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { plotOf } from "./plots/plot.mjs";

const FOLDER = fileURLToPath(new URL("../results", import.meta.url));

/** The name under which this session's files go: its begin, sortable. */
export function resultsName(now = new Date()) {
  return now.toISOString().slice(0, 19).replaceAll(":", "-");
}

export function profileFolderOf(name) {
  return join(FOLDER, `${name}-profiles`);
}

/** @returns {Promise<string[]>} the files written: all figures as JSON, and a plot */
export async function writeResults(name, results) {
  await mkdir(FOLDER, { recursive: true });
  const [json, svg] = [join(FOLDER, `${name}.json`), join(FOLDER, `${name}.svg`)];
  await writeFile(json, `${JSON.stringify(results, null, 1)}\n`);
  await writeFile(svg, plotOf(results));
  return [json, svg];
}
