import { nameOf, type KubernetesObject } from "./kubernetes-object.js";

/** Group of an API → the package that has its schemas. All others are Kubernetes' own. */
const PACKAGES: Readonly<Record<string, string>> = {
  "keda.sh": "@kubernetes-models/keda",
  "monitoring.coreos.com": "@kubernetes-models/prometheus-operator",
  "kafka.strimzi.io": "@kubernetes-models/strimzi-kafka-operator",
};
const KUBERNETES = "kubernetes-models";

/** Where the schema and the type of an object are: `kubernetes-models/apps/v1/Deployment`. */
export function modelOf({ apiVersion, kind }: KubernetesObject): string {
  return `${PACKAGES[apiVersion.split("/")[0] ?? ""] ?? KUBERNETES}/${apiVersion}/${kind}`;
}

/**
 * What of these objects their schemas do not take: a kind that there is not, a value of another type, one that is
 * missing. Fields that a schema does not know pass; `unknownFields` finds these.
 */
export async function schemaComplaints(objects: readonly KubernetesObject[]): Promise<string[]> {
  const complaints: string[] = [];
  // One after the other: jest loads a module that is asked for twice at once only half.
  for (const object of objects) complaints.push(...(await complaintsAbout(object)));
  return complaints;
}

async function complaintsAbout(object: KubernetesObject): Promise<string[]> {
  const model = await loadModel(object);
  if (model === undefined) return [`${nameOf(object)}: there is no ${object.apiVersion} ${object.kind}`];
  try {
    new model(object).validate();
    return [];
  } catch (error) {
    return [`${nameOf(object)}: ${(error as Error).message}`];
  }
}

type Model = new (object: KubernetesObject) => { validate(): void };

async function loadModel(object: KubernetesObject): Promise<Model | undefined> {
  try {
    const models = (await import(modelOf(object))) as Readonly<Record<string, Model>>;
    return models[object.kind];
  } catch (error) {
    if (NOT_FOUND.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** Node's codes and jest's for a module that a package does not have. */
const NOT_FOUND = new Set(["ERR_MODULE_NOT_FOUND", "ERR_PACKAGE_PATH_NOT_EXPORTED", "MODULE_NOT_FOUND"]);
