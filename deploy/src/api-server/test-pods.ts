import type { KubernetesObject } from "./test-kubectl.js";

interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec: { readonly volumes?: readonly unknown[] };
}

/** What a Job, a Deployment or a StatefulSet has in its spec, as far as it is about Pods. */
interface Workload {
  readonly template?: PodTemplate;
  readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
}

/** The Pods that a cluster's controllers would make of these objects, one of each. */
export function podsOf(objects: readonly KubernetesObject[]): KubernetesObject[] {
  return objects.flatMap(({ kind, metadata, spec }) => {
    const { template, volumeClaimTemplates = [] } = (spec ?? {}) as Workload;
    if (template === undefined) return [];
    const claimed = volumeClaimTemplates.map(({ metadata: { name } }) => ({
      name,
      persistentVolumeClaim: { claimName: `${name}-${metadata.name}-0` },
    }));
    return [
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          name: `${kind.toLowerCase()}-${metadata.name}`,
          ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
          ...(template.metadata?.labels === undefined ? {} : { labels: template.metadata.labels }),
        },
        spec: { ...template.spec, volumes: [...(template.spec.volumes ?? []), ...claimed] },
      },
    ];
  });
}
