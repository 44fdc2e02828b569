import type { KubernetesObject } from "../kubernetes-object.js";

/** Something that every set of objects has to keep to: what is against it, each in a sentence, or nothing. */
export type Policy = (objects: readonly KubernetesObject[]) => string[];
