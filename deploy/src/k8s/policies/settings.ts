import { SettingsError, settingsTable, type Settings } from "@lastknown/shared/settings";
import { ofKind, type KubernetesObject } from "../kubernetes-object.js";
import { manifestEnvironment, settingsOf } from "../pod-settings.js";
import { ownWorkloadsIn, workloadsIn, type Workload } from "../workload.js";
import type { Policy } from "./policy.js";

const VARIABLES = new Set(
  settingsTable.flatMap(({ environment, environmentFile }) =>
    environmentFile === undefined ? [environment] : [environment, environmentFile],
  ),
);

/** Node's own, not ours. */
const OF_NODE = "NODE_OPTIONS";

/** Each variable is a setting, or Node's, and all together are settings with which a process would start. */
export const knownSettings: Policy = (objects) =>
  ownWorkloadsIn(objects).flatMap((workload) => [
    ...Object.keys(manifestEnvironment(workload, objects))
      .filter((name) => name !== OF_NODE && !VARIABLES.has(name))
      .map((name) => `${workload.name}: ${name} is no setting`),
    ...startProblems(workload, objects),
  ]);

/** The servers that the settings name: with a policy that lets out to their ports, and there where they have a service here. */
export const reachableServers: Policy = (objects) => {
  const services = new Set(ofKind(objects, "Service").map(({ metadata }) => metadata.name));
  const isDev = workloadsIn(objects).some(({ labels }) => labels["app.kubernetes.io/name"] === "kafka");
  if (!isDev) return [];
  return ownWorkloadsIn(objects).flatMap((workload) =>
    hostsOf(settingsOf(workload, objects))
      // `redis-0.redis` is a pod of the service `redis`.
      .filter((host) => !services.has(host.split(".").at(-1) ?? host))
      .map((host) => `${workload.name}: there is no service ${host}`),
  );
};

/** What is in a generated ConfigMap is used, by each key of it or as files. */
export const usedConfiguration: Policy = (objects) => {
  const used = new Set(
    workloadsIn(objects).flatMap(({ pod, containers }) => [
      ...(pod.volumes ?? []).map(({ configMap }) => configMap?.name),
      ...containers.flatMap(({ envFrom = [] }) => envFrom.map(({ configMapRef }) => configMapRef?.name)),
    ]),
  );
  return ofKind(objects, "ConfigMap")
    .filter(
      ({ metadata }) => !used.has(metadata.name) && metadata.labels?.["grafana_dashboard"] === undefined,
    )
    .map(({ metadata }) => `ConfigMap ${metadata.name} is used by nobody`);
};

function startProblems(workload: Workload, objects: readonly KubernetesObject[]): string[] {
  try {
    settingsOf(workload, objects);
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return [`${workload.name}: ${error.message}`];
  }
}

function hostsOf({ kafka, redis, registry }: Settings): string[] {
  const hosts = [
    ...kafka.brokers.map((broker) => broker.replace(/:\d+$/, "")),
    ...redis.nodes.map(({ host }) => host),
  ];
  return [...hosts, new URL(registry.url).hostname];
}
