import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import process from "node:process";
import { ROOT } from "../root.js";
import { findKustomize, KUSTOMIZE_MISSING } from "./kustomize.js";
import { INSTALL, leftOverFiles, renderedFiles, renderedInstall } from "./rendered-files.js";

/** `npm run k8s:render`: writes what k8s/ holds of other files, and install.yaml. */

const kustomize = await findKustomize();
if (kustomize === undefined) throw new Error(`${KUSTOMIZE_MISSING}, which ${INSTALL} is made with`);

const files = renderedFiles();
for (const path of leftOverFiles(files)) await rm(join(ROOT, path));
for (const [path, text] of files) await write(path, text);
await write(INSTALL, renderedInstall(kustomize));

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(ROOT, path)), { recursive: true });
  await writeFile(join(ROOT, path), text);
  process.stderr.write(`${path}\n`);
}
