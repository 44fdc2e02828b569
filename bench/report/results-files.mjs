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

/** All figures as JSON, and a plot. */
export function resultsFiles(name) {
  return ["json", "svg"].map((ending) => join(FOLDER, `${name}.${ending}`));
}

/** Writes all that is measured so far. */
export async function writeResults(results) {
  await mkdir(FOLDER, { recursive: true });
  const [json, svg] = resultsFiles(results.name);
  await writeFile(json, `${JSON.stringify(results, null, 1)}\n`);
  await writeFile(svg, plotOf(results));
}
