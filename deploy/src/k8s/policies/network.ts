import type { Settings } from "@lastknown/shared/settings";
import { isSelected, ofKind, type KubernetesObject, type Labels } from "../kubernetes-object.js";
import { settingsOf } from "../pod-settings.js";
import { ownWorkloadsIn, workloadsIn, type Workload } from "../workload.js";
import type { Policy } from "./policy.js";

interface Peer {
  readonly podSelector?: { readonly matchLabels?: Labels };
  readonly namespaceSelector?: object;
  readonly ipBlock?: object;
}

interface Rule {
  readonly to?: readonly Peer[];
  readonly from?: readonly Peer[];
  readonly ports?: readonly { readonly protocol: string; readonly port: number | string }[];
}

interface NetworkPolicySpec {
  readonly podSelector: { readonly matchLabels?: Labels };
  readonly policyTypes: readonly ("Ingress" | "Egress")[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

/** Whoever no policy names gets nothing in or out; and no rule opens all ports, or a port to everybody. */
export const deniedByDefault: Policy = (objects) => {
  const policies = ofKind(objects, "NetworkPolicy").map(({ metadata, spec }) => ({
    name: metadata.name,
    spec: spec as unknown as NetworkPolicySpec,
  }));
  const isDenied = policies.some(
    ({ spec: { podSelector, policyTypes, ingress = [], egress = [] } }) =>
      Object.keys(podSelector).length === 0 &&
      policyTypes.join() === "Ingress,Egress" &&
      ingress.length + egress.length === 0,
  );
  const complaints = policies.flatMap(({ name, spec }) =>
    [...(spec.ingress ?? []), ...(spec.egress ?? [])].flatMap(({ to, from, ports = [] }) => [
      ...(ports.length === 0 ? [`NetworkPolicy ${name} opens all ports`] : []),
      ...((to ?? from ?? []).length === 0 ? [`NetworkPolicy ${name} opens a port to everybody`] : []),
    ]),
  );
  return isDenied || policies.length === 0 ? complaints : ["nothing is denied by default", ...complaints];
};

/** Each process may ask DNS and the servers that its settings name; where these run here, they let it in. */
export const waysToServers: Policy = (objects) => {
  if (ofKind(objects, "NetworkPolicy").length === 0) return [];
  return ownWorkloadsIn(objects).flatMap((workload) =>
    [...serversOf(settingsOf(workload, objects)), { host: "", port: 53 }]
      .filter((server) => !isOpen(objects, workload, server))
      .map(({ host, port }) => `${workload.name} has no way to ${host}:${port}`),
  );
};

/** Metrics may be scraped and questions asked at the ports that the pods have. */
export const waysIn: Policy = (objects) => {
  if (ofKind(objects, "NetworkPolicy").length === 0) return [];
  return ownWorkloadsIn(objects).flatMap(({ name, labels, containers }) =>
    containers
      .flatMap(({ ports = [] }) => ports)
      .filter((port) => !rulesFor(objects, labels, "ingress").some(({ ports = [] }) => opens(ports, port)))
      .map((port) => `${name}: nobody may come to its port ${port.name}`),
  );
};

interface Server {
  readonly host: string;
  readonly port: number;
}

interface NamedPort {
  readonly name: string;
  readonly containerPort: number;
}

function serversOf({ kafka, redis, registry }: Settings): Server[] {
  const { hostname, port, protocol } = new URL(registry.url);
  const brokers = kafka.brokers.map((broker) => {
    const [host = "", brokerPort] = broker.split(":");
    return { host, port: Number(brokerPort) };
  });
  const registryPort = Number(port === "" ? { "https:": 443, "http:": 80 }[protocol] : port);
  return [...brokers, ...redis.nodes, { host: hostname, port: registryPort }];
}

function isOpen(objects: readonly KubernetesObject[], { labels }: Workload, { host, port }: Server): boolean {
  const outward = rulesFor(objects, labels, "egress");
  const target = podsBehind(objects, host);
  if (target === undefined) return outward.some(({ ports = [] }) => ports.some((open) => open.port === port));
  const targetPort = target.containers
    .flatMap(({ ports = [] }) => ports)
    .find(({ containerPort }) => containerPort === port);
  if (targetPort === undefined) return false;
  const leads = outward.some(({ to, ports = [] }) => names(to, target.labels) && opens(ports, targetPort));
  const inward = rulesFor(objects, target.labels, "ingress");
  return leads && inward.some(({ from, ports = [] }) => names(from, labels) && opens(ports, targetPort));
}

/** The pods of the service that a host of these objects is; undefined for a host elsewhere. */
function podsBehind(objects: readonly KubernetesObject[], host: string): Workload | undefined {
  const name = host.split(".").at(-1);
  const service = ofKind(objects, "Service").find(({ metadata }) => metadata.name === name);
  const { selector } = (service?.spec ?? {}) as { selector?: Labels };
  if (selector === undefined) return undefined;
  return workloadsIn(objects).find(({ labels }) => isSelected(labels, selector));
}

function rulesFor(
  objects: readonly KubernetesObject[],
  labels: Labels,
  direction: "ingress" | "egress",
): Rule[] {
  return ofKind(objects, "NetworkPolicy")
    .map(({ spec }) => spec as unknown as NetworkPolicySpec)
    .filter(({ podSelector }) => isSelected(labels, podSelector.matchLabels))
    .flatMap((policy) => policy[direction] ?? []);
}

function names(peers: readonly Peer[] | undefined, labels: Labels): boolean {
  return (peers ?? []).some(
    ({ podSelector, namespaceSelector }) =>
      namespaceSelector === undefined &&
      podSelector !== undefined &&
      isSelected(labels, podSelector.matchLabels),
  );
}

function opens(ports: NonNullable<Rule["ports"]>, { name, containerPort }: NamedPort): boolean {
  return ports.some(({ port }) => port === name || port === containerPort);
}
