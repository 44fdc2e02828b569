import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { ROOT } from "../root.js";
import { nameOf, type KubernetesObject } from "./kubernetes-object.js";
import { modelOf } from "./schema-check.js";

const COMPILE_BOUND_MS = 120_000;
const OPTIONS = {
  compilerOptions: {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    target: "es2022",
    module: "nodenext",
    types: [],
  },
  files: ["objects.ts"],
};

/**
 * Fields that an object's type does not have, and values that do not fit it: what an API server refuses that decodes
 * strictly. The compiler finds them: in an object literal it takes no property that the type has not.
 *
 * @returns a sentence for each, with the object's name
 */
export async function unknownFields(objects: readonly KubernetesObject[]): Promise<string[]> {
  // In the repository's modules, so that what the types import is found.
  const folder = await mkdtemp(join(tmpdir(), "lastknown-k8s-"));
  try {
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(OPTIONS));
    await writeFile(join(folder, "objects.ts"), objects.map(declaration).join("\n"));
    const compiler = join(ROOT, "node_modules/typescript/bin/tsc");
    const { status, stdout, stderr } = spawnSync(process.execPath, [compiler, "--project", folder], {
      encoding: "utf8",
      timeout: COMPILE_BOUND_MS,
    });
    if (status === 0) return [];
    const complaints = complaintsIn(stdout, objects);
    if (complaints.length === 0) throw new Error(`the compiler failed: ${stdout}${stderr}`);
    return complaints;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** One line each, so that a complaint's line tells which object it is about. */
function declaration(object: KubernetesObject, index: number): string {
  const model = join(ROOT, "node_modules", `${modelOf(object)}.js`);
  const type = `import(${JSON.stringify(model)}).I${object.kind}`;
  return `export const object${index}: ${type} = ${JSON.stringify(object)};`;
}

function complaintsIn(output: string, objects: readonly KubernetesObject[]): string[] {
  return [
    ...output.matchAll(/^[^\n]*objects\.ts\((\d+),\d+\): error TS\d+: ([^\n]*(?:\n {2,}[^\n]*)*)/gm),
  ].map(([, line, text = ""]) => {
    const object = objects[Number(line) - 1];
    const lines = text.split("\n");
    return `${object === undefined ? "?" : nameOf(object)}: ${(lines.at(-1) ?? "").trim()}`;
  });
}
