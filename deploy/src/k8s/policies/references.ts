import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../root.js";
import { declaredSecrets } from "../declared-secrets.js";
import { isSelected, nameOf, ofKind, type KubernetesObject, type Labels } from "../kubernetes-object.js";
import { workloadsIn, type Workload } from "../workload.js";
import type { Policy } from "./policy.js";

/** A workload chooses the pods that it makes, and no two choose the same. */
export const ownPods: Policy = (objects) => {
  const workloads = workloadsIn(objects).filter(({ isJob }) => !isJob);
  return workloads.flatMap(({ name, selector, labels }) => [
    ...(isSelected(labels, selector) ? [] : [`${name} does not choose its own pods`]),
    ...workloadsIn(objects)
      .filter((other) => other.name !== name && isSelected(other.labels, selector))
      .map((other) => `${name} chooses the pods of ${other.name}`),
  ]);
};

/** Who chooses pods or services by their labels, and how each kind says it. */
const CHOOSERS: Readonly<Record<string, (spec: never) => Labels | undefined>> = {
  Service: ({ selector }: { selector: Labels }) => selector,
  PodDisruptionBudget: ({ selector }: Selecting) => selector.matchLabels,
  PodMonitor: ({ selector }: Selecting) => selector.matchLabels,
  NetworkPolicy: ({ podSelector }: { podSelector: Selecting["selector"] }) => podSelector.matchLabels,
};

interface Selecting {
  readonly selector: { readonly matchLabels?: Labels };
}

/** Each selector finds a pod. */
export const selectorsThatFind: Policy = (objects) =>
  objects.flatMap((object) => {
    const choose = CHOOSERS[object.kind];
    if (choose === undefined) return [];
    const labels = choose(object.spec as never);
    return podsOf(objects).some((pod) => isSelected(pod, labels)) ? [] : [`${nameOf(object)} chooses no pod`];
  });

/** Each ServiceMonitor finds a service with its port, each service and PodMonitor pods with theirs. */
export const portsThatFind: Policy = (objects) => [
  ...ofKind(objects, "Service").flatMap((service) => {
    const { selector, ports } = service.spec as unknown as {
      selector: Labels;
      ports: { targetPort: string }[];
    };
    const names = portNames(objects, selector);
    return ports
      .filter(({ targetPort }) => !names.has(targetPort))
      .map(({ targetPort }) => `${nameOf(service)}: no pod has a port ${targetPort}`);
  }),
  ...ofKind(objects, "PodMonitor").flatMap((monitor) => {
    const { selector, podMetricsEndpoints: endpoints } = monitor.spec as unknown as Selecting & {
      podMetricsEndpoints: { port: string }[];
    };
    const names = portNames(objects, selector.matchLabels);
    return endpoints
      .filter(({ port }) => !names.has(port))
      .map(({ port }) => `${nameOf(monitor)}: no pod has a port ${port}`);
  }),
  ...ofKind(objects, "ServiceMonitor").flatMap((monitor) => {
    const { selector, endpoints } = monitor.spec as unknown as Selecting & { endpoints: { port: string }[] };
    return endpoints
      .filter(({ port }) => servicesWith(objects, selector.matchLabels, port).length !== 1)
      .map(({ port }) => `${nameOf(monitor)}: not one service has a port ${port}`);
  }),
];

/** Each ConfigMap, claim and account that a pod names is there; each Secret is one that a person is asked to bring. */
export const namesThatAreThere: Policy = (objects) => {
  const secrets = declaredSecrets();
  const has = (kind: string, name: string): boolean =>
    ofKind(objects, kind).some(({ metadata }) => metadata.name === name);
  return [
    ...workloadsIn(objects).flatMap((workload) => [
      ...mapsOf(workload)
        .filter((name) => !has("ConfigMap", name))
        .map((name) => `${workload.name}: there is no ConfigMap ${name}`),
      ...accountOf(workload)
        .filter((name) => !has("ServiceAccount", name))
        .map((name) => `${workload.name}: there is no ServiceAccount ${name}`),
    ]),
    ...secretsIn(objects)
      .filter(({ name, key }) => !(key === undefined ? secrets.has(name) : secrets.get(name)?.includes(key)))
      .map(
        ({ by, name, key }) =>
          `${by}: docs/kubernetes.md does not ask for a Secret ${name} with ${key ?? "that name"}`,
      ),
  ];
};

/** Each mount is of a volume, each volume is mounted, and what the image holds is named as the image has it. */
export const mountsThatAreThere: Policy = (objects) =>
  workloadsIn(objects).flatMap(({ name, pod, containers, claims }) => {
    const volumes = [...(pod.volumes ?? []).map((volume) => volume.name), ...claims];
    const mounted = containers.flatMap(({ volumeMounts = [] }) => volumeMounts.map((mount) => mount.name));
    const inImage = containers.flatMap(({ args = [] }) => args.filter((arg) => arg.startsWith("/app/")));
    return [
      ...mounted
        .filter((mount) => !volumes.includes(mount))
        .map((mount) => `${name}: there is no volume ${mount}`),
      ...volumes.filter((volume) => !mounted.includes(volume)).map((volume) => `${name} mounts no ${volume}`),
      ...inImage
        .filter((path) => !existsSync(join(ROOT, path.replace("/app/", ""))))
        .map((path) => `${name}: the image has no ${path}`),
    ];
  });

/** Each file of a mounted ConfigMap that a command names is one of its keys. */
export const scriptsThatAreThere: Policy = (objects) =>
  workloadsIn(objects).flatMap(({ name, pod, containers }) =>
    containers.flatMap(({ command = [], args = [], volumeMounts = [] }) =>
      volumeMounts.flatMap(({ name: volume, mountPath }) => {
        const map = (pod.volumes ?? []).find((one) => one.name === volume)?.configMap?.name;
        if (map === undefined) return [];
        const keys = Object.keys(
          ofKind(objects, "ConfigMap").find(({ metadata }) => metadata.name === map)?.data ?? {},
        );
        return [...command, ...args]
          .filter((arg) => arg.startsWith(`${mountPath}/`) && !keys.includes(arg.slice(mountPath.length + 1)))
          .map((path) => `${name}: there is no ${path}`);
      }),
    ),
  );

function podsOf(objects: readonly KubernetesObject[]): Labels[] {
  return workloadsIn(objects).flatMap(({ object, labels, replicas = 1 }) =>
    // A StatefulSet's pods carry their names, too.
    object.kind === "StatefulSet"
      ? Array.from({ length: replicas }, (_, index) => ({
          ...labels,
          "statefulset.kubernetes.io/pod-name": `${object.metadata.name}-${index}`,
        }))
      : [labels],
  );
}

function portNames(objects: readonly KubernetesObject[], selector: Labels | undefined): Set<string> {
  const { "statefulset.kubernetes.io/pod-name": _, ...byTemplate } = selector ?? {};
  return new Set(
    workloadsIn(objects)
      .filter(({ labels }) => isSelected(labels, byTemplate))
      .flatMap(({ containers }) => containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name))),
  );
}

function servicesWith(
  objects: readonly KubernetesObject[],
  selector: Labels | undefined,
  port: string,
): KubernetesObject[] {
  return ofKind(objects, "Service").filter(({ metadata, spec }) => {
    const { ports } = spec as unknown as { ports: { name: string }[] };
    return isSelected(metadata.labels, selector) && ports.some(({ name }) => name === port);
  });
}

function mapsOf({ pod, containers }: Workload): string[] {
  const named = [
    ...(pod.volumes ?? []).map(({ configMap }) => configMap?.name),
    ...containers.flatMap(({ envFrom = [] }) => envFrom.map(({ configMapRef }) => configMapRef?.name)),
  ];
  return named.filter((name) => name !== undefined);
}

function accountOf({ pod }: Workload): string[] {
  return pod.serviceAccountName === undefined ? [] : [pod.serviceAccountName];
}

interface SecretReference {
  readonly by: string;
  readonly name: string;
  /** Undefined where the whole Secret is mounted. */
  readonly key?: string;
}

function secretsIn(objects: readonly KubernetesObject[]): SecretReference[] {
  return [
    ...workloadsIn(objects).flatMap(({ name: by, pod, containers }) => [
      ...(pod.volumes ?? []).flatMap(({ secret }) =>
        secret === undefined ? [] : [{ by, name: secret.secretName }],
      ),
      ...containers.flatMap(({ envFrom = [] }) =>
        envFrom.flatMap(({ secretRef }) => (secretRef === undefined ? [] : [{ by, name: secretRef.name }])),
      ),
    ]),
    ...ofKind(objects, "TriggerAuthentication").flatMap((object) => {
      const { secretTargetRef = [] } = object.spec as { secretTargetRef?: { name: string; key: string }[] };
      return secretTargetRef.map(({ name, key }) => ({ by: nameOf(object), name, key }));
    }),
  ];
}
