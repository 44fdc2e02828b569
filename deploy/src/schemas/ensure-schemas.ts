import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { defaultCacheFolder, type OnProgress, slowStep } from "@lastknown/stack";
import { parse } from "yaml";
import { findGo, goMissing } from "../go-tools/find-go.js";
import { goModule } from "./go-module.js";
import {
  type KindDefinition,
  type KubernetesDescription,
  type SchemaFiles,
  schemasOfDefinition,
  schemasOfKubernetes,
} from "./json-schemas.js";
import { kubernetesSchemas, operatorModules, strimziClasses } from "./pins.js";
import { strimziDefinitions } from "./strimzi-definitions.js";

/** What describes the kinds of a cluster in which the operators are. */
export interface KindSchemas {
  /** CustomResourceDefinitions, one a file, as `kubectl apply -f` takes the folder. */
  readonly definitionFolder: string;
  /** What kubeconform takes as `-schema-location`: built-in kinds and operators' kinds. */
  readonly schemaLocation: string;
}

/** A change of what is made of the pinned files needs another number. */
const FORMAT = 1;

/**
 * The kinds' definitions and schemas, fetched and made once and kept outside git.
 * @throws StackError `tools-missing` without Go, Java or Maven; `download`
 */
export async function ensureSchemas(onProgress: OnProgress): Promise<KindSchemas> {
  const cache = defaultCacheFolder();
  const folder = join(cache, `kubernetes-schemas-${fingerprint()}`);
  if (!existsSync(folder)) {
    await mkdir(cache, { recursive: true });
    // Left behind by a killed run, it is removed by the stack's next fetch.
    const temporary = await mkdtemp(join(cache, "fetching-"));
    try {
      await slowStep(onProgress, "fetching the kinds' schemas (50 MB, once)", () =>
        fill(temporary, onProgress),
      );
      await putInPlace(temporary, folder);
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }
  return {
    definitionFolder: join(folder, "definitions"),
    schemaLocation: join(folder, "schemas", "{{.Group}}", "{{.ResourceKind}}_{{.ResourceAPIVersion}}.json"),
  };
}

function fingerprint(): string {
  const pins = JSON.stringify([FORMAT, kubernetesSchemas, operatorModules, strimziClasses]);
  return createHash("sha256").update(pins).digest("hex").slice(0, 12);
}

async function fill(folder: string, onProgress: OnProgress): Promise<void> {
  const go = await findGo();
  if (go === undefined) throw goMissing("the kinds' schemas");
  const definitions = join(folder, "definitions");
  await mkdir(definitions);
  for (const pin of operatorModules) {
    const source = await goModule(go.command, pin, folder);
    for (const file of pin.files) await copyFile(join(source, file), join(definitions, basename(file)));
  }
  const work = join(folder, "work");
  await strimziDefinitions(definitions, work, onProgress);
  await rm(work, { recursive: true });
  for (const name of await readdir(definitions)) {
    const definition = parse(await readFile(join(definitions, name), "utf8")) as KindDefinition;
    await write(folder, schemasOfDefinition(definition));
  }
  const source = await goModule(go.command, kubernetesSchemas, folder);
  for (const file of kubernetesSchemas.files) {
    const description = JSON.parse(await readFile(join(source, file), "utf8")) as KubernetesDescription;
    await write(folder, schemasOfKubernetes(description));
  }
}

async function write(folder: string, files: SchemaFiles): Promise<void> {
  for (const [path, schema] of files) {
    const place = join(folder, "schemas", path);
    await mkdir(dirname(place), { recursive: true });
    await writeFile(place, JSON.stringify(schema));
  }
}

/** Of several that made it at once, the first one's stays. */
async function putInPlace(temporary: string, folder: string): Promise<void> {
  try {
    await rename(temporary, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
  }
}
