// Removes from each built package what is of use to its developers alone.

import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

const SOURCES = ["src", "tsconfig.json"];
const DEVELOPERS_ONLY = /(\.test\.js|\.d\.ts|\.map|\.tsbuildinfo)$/;

const { workspaces } = JSON.parse(await readFile("package.json", "utf8"));
for (const name of workspaces) {
  for (const source of SOURCES) await rm(join(name, source), { recursive: true, force: true });
  const built = await readdir(name, { recursive: true, withFileTypes: true });
  for (const entry of built) {
    if (entry.isFile() && DEVELOPERS_ONLY.test(entry.name)) await rm(join(entry.parentPath, entry.name));
  }
}
