import type { KubernetesObject } from "../k8s/kubernetes-object.js";
import { workloadsIn } from "../k8s/workload.js";

/** The Pods that a cluster's controllers would make of these objects, one of each. */
export function podsOf(objects: readonly KubernetesObject[]): KubernetesObject[] {
  return workloadsIn(objects).map(({ object: { kind, metadata }, labels, pod, claims }) => {
    const claimed = claims.map((name) => ({
      name,
      persistentVolumeClaim: { claimName: `${name}-${metadata.name}-0` },
    }));
    const { namespace } = metadata;
    return {
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: `${kind.toLowerCase()}-${metadata.name}`,
        ...(namespace === undefined ? {} : { namespace }),
        labels,
      },
      spec: { ...pod, volumes: [...(pod.volumes ?? []), ...claimed] },
    };
  });
}
