import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { kubeconformComplaints, kubectl, kubectlQuietly, manifestOf } from "./test-kubectl.js";
import { makeRestrictedNamespace, removeNamespace } from "./test-namespaces.js";

jest.setTimeout(5 * 60_000);

const NAMESPACE = "refusals";
const metadata = { name: "worker", namespace: NAMESPACE };
const labels = { app: "worker" };

/** All that restricted asks for. */
const CONFINED = {
  runAsNonRoot: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ["ALL"] },
  seccompProfile: { type: "RuntimeDefault" },
};

interface Container {
  readonly securityContext?: unknown;
  readonly [field: string]: unknown;
}

const podSpec = (container: Container = {}): unknown => ({
  containers: [{ name: "worker", image: "lastknown:0.1.0", securityContext: CONFINED, ...container }],
});
const pod = (container?: Container): unknown => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata,
  spec: podSpec(container),
});
const deployment = (container?: Container): unknown => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata,
  spec: {
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: podSpec(container) },
  },
});
const service = (port: unknown): unknown => ({
  apiVersion: "v1",
  kind: "Service",
  metadata,
  spec: { selector: labels, ports: [{ name: "operations", port }] },
});
const object = (apiVersion: string, kind: string, spec: unknown): unknown => ({
  apiVersion,
  kind,
  metadata,
  spec,
});
const topic = (spec: unknown): unknown => object("kafka.strimzi.io/v1", "KafkaTopic", spec);
const user = (spec: unknown): unknown => object("kafka.strimzi.io/v1", "KafkaUser", spec);
const scaled = (spec: Readonly<Record<string, unknown>>): unknown =>
  object("keda.sh/v1alpha1", "ScaledObject", {
    scaleTargetRef: { name: "worker" },
    triggers: [{ type: "apache-kafka", metadata: {} }],
    ...spec,
  });
const podMonitor = (endpoint: unknown): unknown =>
  object("monitoring.coreos.com/v1", "PodMonitor", {
    selector: { matchLabels: labels },
    podMetricsEndpoints: [endpoint],
  });
const rule = (of: unknown): unknown =>
  object("monitoring.coreos.com/v1", "PrometheusRule", { groups: [{ name: "worker", rules: [of] }] });
const autoscaler = (spec: Readonly<Record<string, unknown>>): unknown =>
  object("autoscaling/v2", "HorizontalPodAutoscaler", {
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "worker" },
    maxReplicas: 16,
    ...spec,
  });
const budget = (spec: unknown): unknown => object("policy/v1", "PodDisruptionBudget", spec);

const right: [what: string, manifest: unknown][] = [
  ["a Pod", pod()],
  ["a Deployment", deployment()],
  ["a Service", service(9464)],
  ["a KafkaTopic", topic({ partitions: 16, replicas: 3, config: { "cleanup.policy": "compact" } })],
  ["a KafkaUser", user({ authentication: { type: "scram-sha-512" } })],
  ["a ScaledObject", scaled({ minReplicaCount: 1, maxReplicaCount: 16 })],
  ["a PodMonitor", podMonitor({ port: "operations" })],
  ["a PrometheusRule", rule({ alert: "Stalls", expr: "up == 0", for: "5m" })],
  ["an autoscaler", autoscaler({ minReplicas: 1 })],
  ["a disruption budget", budget({ maxUnavailable: 1, selector: { matchLabels: labels } })],
];

/** What a schema already tells, so kubeconform as well. */
const misspelt: [what: string, manifest: unknown, named: RegExp][] = [
  ["a probe under a wrong name", deployment({ livenesProbe: {} }), /livenesProbe/],
  ["a port that is text", service("operations"), /port/],
  ["a container's port that is text", deployment({ ports: [{ containerPort: "9464" }] }), /containerPort/],
  ["a topic's partitions as text", topic({ partitions: "16" }), /partitions/],
  ["a topic's unknown field", topic({ partitions: 16, replication: 3 }), /replication/],
  [
    "a user's way to log in that there is not",
    user({ authentication: { type: "digest" } }),
    /authentication/,
  ],
  ["a scaled object's unknown field", scaled({ maxReplicas: 16 }), /maxReplicas/],
  ["a monitor's unknown field", podMonitor({ prot: "operations" }), /prot/],
  ["a rule without an expression", rule({ alert: "Stalls" }), /expr/],
];

/** What only the API server tells. */
const refused: [what: string, manifest: unknown, reason: RegExp][] = [
  [
    "a Pod that runs as root",
    pod({ securityContext: { ...CONFINED, runAsUser: 0 } }),
    /violates PodSecurity "restricted:latest".*runAsUser=0/,
  ],
  [
    "a Pod that may be root",
    pod({ securityContext: { ...CONFINED, runAsNonRoot: false } }),
    /violates PodSecurity.*runAsNonRoot != true/,
  ],
  ["a Pod that says nothing of it", pod({ securityContext: {} }), /violates PodSecurity/],
  ["a budget of two kinds", budget({ maxUnavailable: 1, minAvailable: 1 }), /cannot be both set/],
  [
    "an autoscaler whose least is more than its most",
    autoscaler({ minReplicas: 17 }),
    /must be greater than or equal to `minReplicas`/,
  ],
  [
    "two ports of one name",
    deployment({ ports: [1, 2].map((containerPort) => ({ name: "a", containerPort })) }),
    /Duplicate value/,
  ],
];

describe("the API server", () => {
  beforeAll(() => makeRestrictedNamespace(NAMESPACE));
  afterAll(() => removeNamespace(NAMESPACE));

  it.each(right)(
    "takes %s that is right, without a warning, and so does kubeconform",
    async (_what, manifest) => {
      await kubectlQuietly(["apply", "--dry-run=server", "-f", "-"], manifestOf(manifest));
      expect(await kubeconformComplaints(manifestOf(manifest))).toBe("");
    },
  );

  it.each(misspelt)("refuses %s, and so does kubeconform", async (_what, manifest, named) => {
    const { exitCode, stderr } = await kubectl(
      ["apply", "--dry-run=server", "-f", "-"],
      manifestOf(manifest),
    );
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(named);
    expect(await kubeconformComplaints(manifestOf(manifest))).toMatch(named);
  });

  it.each(refused)("refuses %s", async (_what, manifest, reason) => {
    const { exitCode, stderr } = await kubectl(
      ["apply", "--dry-run=server", "-f", "-"],
      manifestOf(manifest),
    );
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(reason)]);
  });

  it("warns of a Deployment whose Pods it would refuse", async () => {
    const manifest = manifestOf(deployment({ securityContext: { ...CONFINED, runAsUser: 0 } }));
    const { exitCode, stderr } = await kubectl(["apply", "--dry-run=server", "-f", "-"], manifest);
    expect([exitCode, stderr]).toEqual([
      0,
      expect.stringMatching(/^Warning: would violate PodSecurity "restricted/),
    ]);
  });

  it("refuses a kind that nobody has told it of, and so does kubeconform", async () => {
    const manifest = manifestOf(object("kafka.strimzi.io/v1", "KafkaBridge", {}));
    expect((await kubectl(["apply", "--dry-run=server", "-f", "-"], manifest)).stderr).toContain(
      "no matches for kind",
    );
    expect(await kubeconformComplaints(manifest)).toContain("could not find schema for KafkaBridge");
  });
});
