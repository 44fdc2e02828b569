import type { KubernetesObject, Labels } from "./kubernetes-object.js";

/** What of a container the policies look at. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly envFrom?: readonly {
    readonly configMapRef?: { readonly name: string };
    readonly secretRef?: { readonly name: string };
  }[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly startupProbe?: Probe;
  readonly livenessProbe?: Probe;
  readonly readinessProbe?: Probe;
  readonly lifecycle?: { readonly preStop?: { readonly sleep?: { readonly seconds: number } } };
  readonly resources?: {
    readonly requests?: Readonly<Record<string, string>>;
    readonly limits?: Readonly<Record<string, string>>;
  };
  readonly securityContext?: {
    readonly allowPrivilegeEscalation?: boolean;
    readonly privileged?: boolean;
    readonly readOnlyRootFilesystem?: boolean;
    readonly capabilities?: { readonly drop?: readonly string[]; readonly add?: readonly string[] };
  };
  readonly volumeMounts?: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
}

export interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string | number };
  readonly tcpSocket?: { readonly port: string | number };
  readonly exec?: { readonly command: readonly string[] };
}

export interface Volume {
  readonly name: string;
  readonly emptyDir?: object;
  readonly configMap?: { readonly name: string };
  readonly secret?: { readonly secretName: string; readonly optional?: boolean };
  readonly persistentVolumeClaim?: { readonly claimName: string };
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken?: boolean;
  readonly enableServiceLinks?: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly topologySpreadConstraints?: readonly {
    readonly topologyKey: string;
    readonly labelSelector?: { readonly matchLabels?: Labels };
  }[];
  readonly hostNetwork?: boolean;
  readonly hostPID?: boolean;
  readonly hostIPC?: boolean;
  readonly securityContext?: {
    readonly runAsNonRoot?: boolean;
    readonly runAsUser?: number;
    readonly fsGroup?: number;
    readonly seccompProfile?: { readonly type: string };
  };
  readonly volumes?: readonly Volume[];
}

/** A Deployment, StatefulSet or Job and the pods that it makes. */
export interface Workload {
  readonly object: KubernetesObject;
  /** `Deployment consumer` */
  readonly name: string;
  /** It ends when its work is done. */
  readonly isJob: boolean;
  /** Undefined where an autoscaler owns the number. */
  readonly replicas: number | undefined;
  readonly selector: Labels;
  readonly labels: Labels;
  readonly pod: PodSpec;
  readonly containers: readonly Container[];
  /** Names of the volumes that it claims for each of its pods. */
  readonly claims: readonly string[];
}

interface WorkloadSpec {
  readonly replicas?: number;
  readonly selector?: { readonly matchLabels?: Labels };
  readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
  readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
}

const KINDS = new Set(["Deployment", "StatefulSet", "Job"]);

export function workloadsIn(objects: readonly KubernetesObject[]): Workload[] {
  return objects.filter(({ kind }) => KINDS.has(kind)).map(asWorkload);
}

/** Those that run an image of this product. */
export function ownWorkloadsIn(objects: readonly KubernetesObject[]): Workload[] {
  return workloadsIn(objects).filter(({ labels }) => labels["app.kubernetes.io/name"] === "lastknown");
}

function asWorkload(object: KubernetesObject): Workload {
  const { replicas, selector, template, volumeClaimTemplates = [] } = object.spec as unknown as WorkloadSpec;
  const pod = template.spec;
  return {
    object,
    name: `${object.kind} ${object.metadata.name}`,
    isJob: object.kind === "Job",
    replicas,
    selector: selector?.matchLabels ?? {},
    labels: template.metadata.labels,
    pod,
    containers: [...(pod.initContainers ?? []), ...pod.containers],
    claims: volumeClaimTemplates.map(({ metadata }) => metadata.name),
  };
}
