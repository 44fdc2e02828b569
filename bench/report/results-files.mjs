import { mkdir, rename, writeFile } from "node:fs/promises";
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

/** Writes the figures that are there so far: what ends it while it writes leaves those of before. */
export async function writeFigures(results) {
  await mkdir(FOLDER, { recursive: true });
  const [json] = resultsFiles(results.name);
  await writeFile(`${json}.part`, `${JSON.stringify(results, null, 1)}\n`);
  await rename(`${json}.part`, json);
}

export async function writePlot(results) {
  const [, svg] = resultsFiles(results.name);
  await writeFile(svg, plotOf(results));
}
