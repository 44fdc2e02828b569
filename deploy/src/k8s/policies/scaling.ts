import { fleetNames } from "@lastknown/shared";
import type { Settings } from "@lastknown/shared/settings";
import { isSelected, nameOf, ofKind, type KubernetesObject, type Labels } from "../kubernetes-object.js";
import { settingsOf } from "../pod-settings.js";
import { ownWorkloadsIn, workloadsIn, type Workload } from "../workload.js";
import { quantity } from "./running.js";
import type { Policy } from "./policy.js";

/** Records a second of one worker for which its CPU is planned, at so much of it: twice what docs/scaling.md has. */
export const PLANNED_RATE = 10_000;
const CPU_SECONDS_PER_RECORD = 37e-6;
/** Beside what is merely uncommitted, as much again has to wait before a worker is added. */
const THRESHOLD_FACTOR = 2;

/** Each budget leaves a pod, and may give one away; each of ours that runs more than once has one. */
export const disruptionBudgets: Policy = (objects) => {
  const budgets = ofKind(objects, "PodDisruptionBudget");
  const selectorOf = ({ spec }: KubernetesObject): Labels | undefined =>
    (spec as { selector: { matchLabels?: Labels } }).selector.matchLabels;
  return [
    ...budgets.flatMap((budget) => {
      const { maxUnavailable } = budget.spec as { maxUnavailable?: number };
      const replicas = workloadsIn(objects)
        .filter(({ labels }) => isSelected(labels, selectorOf(budget)))
        .map((workload) => fewestReplicas(workload, objects));
      return [
        ...(maxUnavailable === 1 ? [] : [`${nameOf(budget)} gives away ${maxUnavailable} pods, not 1`]),
        ...(Math.min(...replicas) >= 2
          ? []
          : [`${nameOf(budget)} leaves no pod of ${Math.min(...replicas)}`]),
      ];
    }),
    ...ownWorkloadsIn(objects)
      .filter(({ isJob }) => !isJob)
      .filter(({ labels }) => !budgets.some((budget) => isSelected(labels, selectorOf(budget))))
      .map(({ name }) => `${name} has no budget of disruptions`),
  ];
};

/** A new worker is there before an old one goes. */
export const rolledOverOneByOne: Policy = (objects) =>
  ofKind(objects, "Deployment").flatMap((deployment) => {
    const { strategy } = deployment.spec as {
      strategy?: { rollingUpdate?: { maxSurge?: number; maxUnavailable?: number } };
    };
    const { maxSurge, maxUnavailable } = strategy?.rollingUpdate ?? {};
    return maxSurge === 1 && maxUnavailable === 0
      ? []
      : [`${nameOf(deployment)} is not rolled over one by one`];
  });

/** One owner of the number of workers; as many as there are partitions at most; by the lag of this fleet's group. */
export const autoscaling: Policy = (objects) => {
  const consumer = ownWorkloadsIn(objects).find(({ object }) => object.metadata.name === "consumer");
  if (consumer === undefined) return [];
  const scalers = scalersIn(objects);
  if (scalers.length === 0)
    return consumer.replicas === undefined ? ["nobody says how many workers there are"] : [];
  const settings = settingsOf(consumer, objects);
  return [
    ...(scalers.length > 1 ? ["more than one scales the workers"] : []),
    ...(consumer.replicas === undefined ? [] : ["an apply sets the number of workers back"]),
    ...scalers.flatMap((scaler) => scalerComplaints(scaler, settings)),
  ];
};

/** What a worker requests is what it needs at the planned rate. */
export const plannedCpu: Policy = (objects) =>
  ownWorkloadsIn(objects)
    .filter(({ object }) => object.metadata.name === "consumer")
    .flatMap(({ name, containers }) => {
      const cpu = quantity(containers[0]?.resources?.requests?.["cpu"]) ?? 0;
      const needed = PLANNED_RATE * CPU_SECONDS_PER_RECORD;
      return cpu >= needed ? [] : [`${name} requests ${cpu} CPU, and needs ${needed} at the planned rate`];
    });

/** What KEDA's and Kubernetes' own autoscaler have in common. */
interface Scaler {
  readonly name: string;
  readonly target: string;
  readonly min: number;
  readonly max: number;
  /** Records of lag per worker. */
  readonly threshold: number;
  readonly topic: string | undefined;
  readonly group: string | undefined;
  /** Seconds that a lower number has to stand before pods go. */
  readonly scaleDownAfter: number;
}

function scalerComplaints(scaler: Scaler, settings: Settings): string[] {
  const { partitions, name: fleet } = settings.fleet;
  const { eventsTopic, workerGroup } = fleetNames(fleet);
  const threshold = THRESHOLD_FACTOR * PLANNED_RATE * (settings.worker.commitIntervalMs / 1000);
  const { name } = scaler;
  return [
    ...(scaler.target === "consumer" ? [] : [`${name} scales ${scaler.target}`]),
    ...(scaler.min === 2 ? [] : [`${name} keeps ${scaler.min} workers at least, not 2`]),
    ...(scaler.max === partitions
      ? []
      : [`${name} goes to ${scaler.max} workers of ${partitions} partitions`]),
    ...(scaler.threshold === threshold
      ? []
      : [`${name}: the threshold is ${scaler.threshold}, not ${threshold}`]),
    ...(scaler.topic === eventsTopic ? [] : [`${name} looks at topic ${scaler.topic}, not ${eventsTopic}`]),
    ...(scaler.group === workerGroup ? [] : [`${name} looks at group ${scaler.group}, not ${workerGroup}`]),
    ...(scaler.scaleDownAfter >= 300 ? [] : [`${name} takes workers away after ${scaler.scaleDownAfter} s`]),
  ];
}

interface Behavior {
  readonly scaleDown?: { readonly stabilizationWindowSeconds?: number };
}

function scalersIn(objects: readonly KubernetesObject[]): Scaler[] {
  return [
    ...ofKind(objects, "ScaledObject").map(asKedaScaler),
    ...ofKind(objects, "HorizontalPodAutoscaler").map(asPodAutoscaler),
  ];
}

function asKedaScaler(object: KubernetesObject): Scaler {
  const spec = object.spec as unknown as {
    scaleTargetRef: { name: string };
    minReplicaCount: number;
    maxReplicaCount: number;
    advanced?: { horizontalPodAutoscalerConfig?: { behavior?: Behavior } };
    triggers: { metadata: Readonly<Record<string, string>> }[];
  };
  const metadata = spec.triggers[0]?.metadata ?? {};
  return {
    name: nameOf(object),
    target: spec.scaleTargetRef.name,
    min: spec.minReplicaCount,
    max: spec.maxReplicaCount,
    threshold: Number(metadata["lagThreshold"]),
    topic: metadata["topic"],
    group: metadata["consumerGroup"],
    scaleDownAfter: windowOf(spec.advanced?.horizontalPodAutoscalerConfig?.behavior),
  };
}

function asPodAutoscaler(object: KubernetesObject): Scaler {
  const spec = object.spec as unknown as {
    scaleTargetRef: { name: string };
    minReplicas: number;
    maxReplicas: number;
    behavior?: Behavior;
    metrics: {
      external?: {
        metric: { name: string; selector: { matchLabels: Labels } };
        target: { averageValue: string };
      };
    }[];
  };
  const external = spec.metrics.find((metric) => metric.external !== undefined)?.external;
  return {
    name: nameOf(object),
    target: spec.scaleTargetRef.name,
    min: spec.minReplicas,
    max: spec.maxReplicas,
    threshold: Number(external?.target.averageValue),
    topic: external?.metric.selector.matchLabels["topic"],
    group: external?.metric.selector.matchLabels["consumergroup"],
    scaleDownAfter: windowOf(spec.behavior),
  };
}

function windowOf(behavior: Behavior | undefined): number {
  // Kubernetes' own default.
  return behavior?.scaleDown?.stabilizationWindowSeconds ?? 300;
}

function fewestReplicas({ replicas, object }: Workload, objects: readonly KubernetesObject[]): number {
  const scaler = scalersIn(objects).find(({ target }) => target === object.metadata.name);
  return Math.min(...[replicas, scaler?.min].filter((count) => count !== undefined));
}
