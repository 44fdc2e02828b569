import { buildObjects, findKustomize, KUSTOMIZE_MISSING, type Kustomize } from "./kustomize.js";
import type { KubernetesObject } from "./kubernetes-object.js";

/** What is applied as a whole, from the repository's root. */
export const OVERLAYS = ["k8s/overlays/dev", "k8s/overlays/staging", "k8s/overlays/prod"] as const;

const kustomize = await findKustomize();
const built = new Map<string, KubernetesObject[]>();

/** Empty where kustomizations can be built; else what a test that needs it carries in its name, and why it is skipped. */
export const cannotBuild: string = kustomize === undefined ? ` (not done: ${KUSTOMIZE_MISSING})` : "";

/** What builds kustomizations here. @throws Error where nothing does */
export function builder(): Kustomize {
  if (kustomize === undefined) throw new Error(KUSTOMIZE_MISSING);
  return kustomize;
}

/** The objects of a folder, built once. @throws Error where nothing can build it, or kustomize refuses it */
export function objectsOf(folder: string): readonly KubernetesObject[] {
  const objects = built.get(folder) ?? buildObjects(builder(), folder);
  built.set(folder, objects);
  return objects;
}
