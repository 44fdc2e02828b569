import { ownWorkloadsIn, workloadsIn, type Container, type Workload } from "../workload.js";
import { settingsOf } from "../pod-settings.js";
import type { Policy } from "./policy.js";

/** Every container says what it needs and what it may take, and no request is above its limit. */
export const boundedResources: Policy = (objects) =>
  workloadsIn(objects).flatMap(({ name, containers }) =>
    containers.flatMap(({ resources = {} }) =>
      (["cpu", "memory"] as const).flatMap((resource) => {
        const request = quantity(resources.requests?.[resource]);
        const limit = quantity(resources.limits?.[resource]);
        if (request === undefined) return [`${name} requests no ${resource}`];
        if (limit === undefined) return [`${name} has no limit of ${resource}`];
        return request > limit ? [`${name} requests more ${resource} than its limit`] : [];
      }),
    ),
  );

const PROBES = ["startupProbe", "livenessProbe", "readinessProbe"] as const;

/** What runs on is probed: ours at the operations port, and alive without asking any server. Jobs just end. */
export const probes: Policy = (objects) => [
  ...workloadsIn(objects)
    .filter(({ isJob }) => !isJob)
    .flatMap(({ name, pod }) =>
      pod.containers.flatMap((container) =>
        PROBES.filter((probe) => container[probe] === undefined).map((probe) => `${name} has no ${probe}`),
      ),
    ),
  ...ownWorkloadsIn(objects)
    .filter(({ isJob }) => !isJob)
    .flatMap(ownProbeComplaints),
];

function ownProbeComplaints({ name, pod }: Workload): string[] {
  return pod.containers.flatMap((container) =>
    PROBES.flatMap((probe) => {
      const wanted = probe === "readinessProbe" ? "/readyz" : "/livez";
      const { path, port } = container[probe]?.httpGet ?? {};
      return path === wanted && port === "operations"
        ? []
        : [`${name}: ${probe} must ask ${wanted} at the operations port`];
    }),
  );
}

/** Ports are those at which the code listens with the settings of the pod. */
export const portsOfTheCode: Policy = (objects) =>
  ownWorkloadsIn(objects).flatMap((workload) => {
    const { operations, query } = settingsOf(workload, objects);
    return workload.pod.containers.flatMap((container) =>
      (container.ports ?? []).flatMap(({ name, containerPort }) => {
        const port = { http: query.port, operations: operationsPort(container) ?? operations.port }[name];
        const host = name === "http" ? query.host : operations.host;
        return [
          ...(port === containerPort
            ? []
            : [`${workload.name}: port ${name} is ${containerPort}, not ${port}`]),
          ...(host === "0.0.0.0" ? [] : [`${workload.name}: ${name} listens at ${host} alone`]),
        ];
      }),
    );
  });

/** A replay listens only where its own flag says on which port. */
function operationsPort({ args = [] }: Container): number | undefined {
  const at = args.indexOf("--operations-port");
  return at < 0 ? undefined : Number(args[at + 1]);
}

/** A pod is killed later than its process has given up stopping. */
export const timeToStop: Policy = (objects) =>
  ownWorkloadsIn(objects).flatMap((workload) => {
    const { worker, query } = settingsOf(workload, objects);
    const deadlineMs = { consume: worker.drainDeadlineMs, query: query.drainDeadlineMs }[commandOf(workload)];
    if (deadlineMs === undefined) return [];
    const pauses = workload.pod.containers.map(({ lifecycle }) => lifecycle?.preStop?.sleep?.seconds ?? 0);
    const neededMs = 1000 * Math.max(0, ...pauses) + deadlineMs;
    // Kubernetes' own default.
    const graceMs = 1000 * (workload.pod.terminationGracePeriodSeconds ?? 30);
    return graceMs > neededMs
      ? []
      : [`${workload.name} is killed after ${graceMs} ms, and needs ${neededMs}`];
  });

/** Pods of what runs more than once stand on different machines and in different zones, where there are any. */
export const spread: Policy = (objects) =>
  ownWorkloadsIn(objects)
    .filter(({ isJob }) => !isJob)
    .flatMap(({ name, pod, selector }) =>
      ["kubernetes.io/hostname", "topology.kubernetes.io/zone"].flatMap((key) => {
        const constraint = (pod.topologySpreadConstraints ?? []).find(
          ({ topologyKey }) => topologyKey === key,
        );
        if (constraint === undefined) return [`${name} is not spread over ${key}`];
        const chosen = JSON.stringify(constraint.labelSelector?.matchLabels);
        return chosen === JSON.stringify(selector) ? [] : [`${name} is spread by the pods of ${chosen}`];
      }),
    );

/** The command of the product that it runs. */
export function commandOf({ pod }: Workload): string {
  return pod.containers[0]?.args?.[0] ?? "";
}

const FACTORS: Readonly<Record<string, number>> = { m: 1e-3, Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30 };

/** An amount of Kubernetes, as `250m` or `384Mi`, in its base unit; undefined for what is none. */
export function quantity(text: string | undefined): number | undefined {
  const [, amount, unit = ""] = /^(\d+(?:\.\d+)?)(m|Ki|Mi|Gi)?$/.exec(text ?? "") ?? [];
  return amount === undefined ? undefined : Number(amount) * (FACTORS[unit] ?? 1);
}
