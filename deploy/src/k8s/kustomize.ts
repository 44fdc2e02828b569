import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { StackError } from "@lastknown/stack";
import { ensureGoTool } from "../go-tools/ensure-go-tool.js";
import { findGo } from "../go-tools/find-go.js";
import { goTools } from "../go-tools/go-tools.js";
import { parseObjects, type KubernetesObject } from "./kubernetes-object.js";
import { ROOT } from "../root.js";

/** A program that builds kustomizations: what comes before the folder on its command line. */
export interface Kustomize {
  readonly command: string;
  readonly args: readonly string[];
}

/** What tests say that cannot do their work without it. */
export const KUSTOMIZE_MISSING =
  "neither kustomize nor kubectl is on the PATH, and no Go 1.24 or later has built it";

const CANDIDATES: readonly Kustomize[] = [
  { command: "kustomize", args: ["build"] },
  { command: "kubectl", args: ["kustomize"] },
];
const BUILD_BOUND_MS = 60_000;

/**
 * The first of kustomize and kubectl that is on the PATH and runs, else one that Go builds; undefined without Go, or
 * where its modules cannot be had, which is said.
 */
export async function findKustomize(): Promise<Kustomize | undefined> {
  const found = CANDIDATES.find(({ command, args }) => {
    return spawnSync(command, [...args, "--help"], { timeout: BUILD_BOUND_MS }).status === 0;
  });
  if (found !== undefined || (await findGo()) === undefined) return found;
  const onProgress = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    return { command: await ensureGoTool(goTools.kustomize, { onProgress }), args: ["build"] };
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    onProgress(`kustomize cannot be built: ${error.message}`);
    return undefined;
  }
}

/**
 * A kustomization as `kubectl apply -k` would apply it, as text.
 *
 * @param folder from the repository's root, as `k8s/base`
 * @throws Error with what kustomize says
 */
export function buildText({ command, args }: Kustomize, folder: string): string {
  const built = spawnSync(command, [...args, join(ROOT, folder)], {
    encoding: "utf8",
    timeout: BUILD_BOUND_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (built.status !== 0) {
    throw new Error(`${command} cannot build ${folder}: ${built.error?.message ?? built.stderr}`);
  }
  return built.stdout;
}

export function buildObjects(kustomize: Kustomize, folder: string): KubernetesObject[] {
  return parseObjects(buildText(kustomize, folder));
}
