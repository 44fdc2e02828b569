import { rootCertificates } from "node:tls";
import { loadSettings, type Settings } from "@lastknown/shared/settings";
import { imageEnvironment } from "../image/dockerfile.js";
import { declaredSecrets } from "./declared-secrets.js";
import { ofKind, type KubernetesObject } from "./kubernetes-object.js";
import type { Workload } from "./workload.js";

/** Of an authority that a person brought. */
const ANY_CERTIFICATE = rootCertificates[0] ?? "";

/** The variables that a pod is given by its manifests; not those of the image. */
export function manifestEnvironment(
  { pod }: Workload,
  objects: readonly KubernetesObject[],
): Record<string, string> {
  const { env = [], envFrom = [] } = pod.containers[0] ?? {};
  const maps = new Map(ofKind(objects, "ConfigMap").map(({ metadata, data }) => [metadata.name, data ?? {}]));
  const fromMaps = envFrom.flatMap(({ configMapRef }) =>
    Object.entries(maps.get(configMapRef?.name ?? "") ?? {}),
  );
  const own = env.map(({ name, value = "" }) => [name, value] as const);
  return Object.fromEntries([...fromMaps, ...own]);
}

/**
 * The settings that the pod's process would have: by the image's variables, those of the manifests, and the files of
 * the Secrets that it mounts, as docs/kubernetes.md says that they are brought.
 *
 * @throws SettingsError with all that is wrong
 */
export function settingsOf(workload: Workload, objects: readonly KubernetesObject[]): Settings {
  const files = mountedSecretFiles(workload);
  return loadSettings({
    environment: { ...imageEnvironment(), ...manifestEnvironment(workload, objects) },
    readFile: (path) => {
      if (files.has(path)) return path.endsWith(".crt") ? ANY_CERTIFICATE : "what a person brought";
      throw Object.assign(new Error(`${path} is not mounted`), { code: "ENOENT" });
    },
  });
}

/** Paths in the pod at which files of declared Secrets appear. */
function mountedSecretFiles({ pod }: Workload): Set<string> {
  const secrets = declaredSecrets();
  const mounts = pod.containers.flatMap(({ volumeMounts = [] }) => volumeMounts);
  return new Set(
    mounts.flatMap(({ name, mountPath }) => {
      const secret = (pod.volumes ?? []).find((volume) => volume.name === name)?.secret?.secretName ?? "";
      return (secrets.get(secret) ?? []).map((key) => `${mountPath}/${key}`);
    }),
  );
}
