import { describe, expect, it } from "@jest/globals";
import { cannotBuild, objectsOf } from "./built.js";
import type { KubernetesObject } from "./kubernetes-object.js";
import { policies } from "./policies/index.js";
import { schemaComplaints } from "./schema-check.js";
import { unknownFields } from "./unknown-fields.js";

type PolicyName = keyof typeof policies;
type Overlay = "dev" | "staging" | "prod";

/** Any part of an object, to be broken. */
// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any;

/** One thing that is wrong, and what the policy has to say. */
interface Breakage {
  readonly policy: PolicyName;
  readonly overlay: Overlay;
  readonly breaks: (find: (name: string) => Loose, objects: Loose[]) => void;
  readonly complaint: string;
}

const pod = (workload: Loose): Loose => workload.spec.template.spec;
const container = (workload: Loose): Loose => pod(workload).containers[0];
const settings = (objects: Loose[]): Loose =>
  objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name.startsWith("settings-")).data;
const without = (objects: Loose[], object: Loose): void => void objects.splice(objects.indexOf(object), 1);

function breakage(
  policy: PolicyName,
  overlay: Overlay,
  complaint: string,
  breaks: Breakage["breaks"],
): Breakage {
  return { policy, overlay, breaks, complaint };
}

const BREAKAGES: readonly Breakage[] = [
  breakage("restrictedPods", "dev", "Deployment consumer may run as root", (find) => {
    delete pod(find("Deployment consumer")).securityContext.runAsNonRoot;
  }),
  breakage("restrictedPods", "dev", "StatefulSet redis names no user other than root", (find) => {
    pod(find("StatefulSet redis")).securityContext.runAsUser = 0;
  }),
  breakage("restrictedPods", "dev", "StatefulSet query has no seccomp profile", (find) => {
    pod(find("StatefulSet query")).securityContext.seccompProfile.type = "Unconfined";
  }),
  breakage("restrictedPods", "dev", "Job topics shares namespaces of its host", (find) => {
    pod(find("Job topics")).hostNetwork = true;
  }),
  breakage("restrictedPods", "dev", "Job replay may gain privileges", (find) => {
    delete container(find("Job replay")).securityContext.allowPrivilegeEscalation;
  }),
  breakage("restrictedPods", "dev", "Job replay is privileged", (find) => {
    container(find("Job replay")).securityContext.privileged = true;
  }),
  breakage("restrictedPods", "dev", "StatefulSet kafka keeps capabilities", (find) => {
    container(find("StatefulSet kafka")).securityContext.capabilities.drop = ["CHOWN"];
  }),
  breakage("restrictedPods", "dev", "StatefulSet kafka is given capabilities", (find) => {
    container(find("StatefulSet kafka")).securityContext.capabilities.add = ["NET_BIND_SERVICE"];
  }),
  breakage("restrictedPods", "dev", "Deployment consumer may write to its root", (find) => {
    container(find("Deployment consumer")).securityContext.readOnlyRootFilesystem = false;
  }),
  breakage("nothingInjected", "dev", "Deployment consumer has variables of services", (find) => {
    delete pod(find("Deployment consumer")).enableServiceLinks;
  }),
  breakage("nothingInjected", "dev", "StatefulSet kafka has variables of services", (find) => {
    pod(find("StatefulSet kafka")).enableServiceLinks = true;
  }),
  breakage("nothingInjected", "dev", "Job topics has a token", (find) => {
    delete pod(find("Job topics")).automountServiceAccountToken;
  }),
  breakage("nothingInjected", "dev", "ServiceAccount query gives its pods a token", (find) => {
    delete find("ServiceAccount query").automountServiceAccountToken;
  }),
  breakage("restrictedNamespaces", "prod", "Namespace lastknown does not enforce", (find) => {
    find("Namespace lastknown").metadata.labels["pod-security.kubernetes.io/enforce"] = "baseline";
  }),
  breakage("pinnedImages", "dev", "redis:latest is not of one version", (find) => {
    container(find("StatefulSet redis")).image = "redis:latest";
  }),
  breakage("pinnedImages", "prod", "images.example.com/lastknown is not of one version", (find) => {
    container(find("Deployment consumer")).image = "images.example.com/lastknown";
  }),
  breakage("pinnedImages", "dev", "of a vendor that took images back", (find) => {
    container(find("StatefulSet kafka")).image = "bitnami/kafka:4.3.1";
  }),
  breakage("boundedResources", "dev", "Deployment consumer requests no memory", (find) => {
    delete container(find("Deployment consumer")).resources.requests.memory;
  }),
  breakage("boundedResources", "dev", "Job topics has no limit of cpu", (find) => {
    delete container(find("Job topics")).resources.limits.cpu;
  }),
  breakage("boundedResources", "dev", "StatefulSet query requests more memory than its limit", (find) => {
    container(find("StatefulSet query")).resources.requests.memory = "2Gi";
  }),
  breakage("probes", "dev", "StatefulSet registry has no startupProbe", (find) => {
    delete container(find("StatefulSet registry")).startupProbe;
  }),
  breakage("probes", "dev", "Deployment consumer: livenessProbe must ask /livez", (find) => {
    container(find("Deployment consumer")).livenessProbe.httpGet.path = "/readyz";
  }),
  breakage("probes", "dev", "StatefulSet query: readinessProbe must ask /readyz", (find) => {
    container(find("StatefulSet query")).readinessProbe.httpGet.port = "http";
  }),
  breakage("portsOfTheCode", "dev", "port operations is 9465, not 9464", (find) => {
    container(find("Deployment consumer")).ports[0].containerPort = 9465;
  }),
  breakage("portsOfTheCode", "dev", "StatefulSet query: port http is 8080, not 8090", (_find, objects) => {
    settings(objects).LASTKNOWN_QUERY_PORT = "8090";
  }),
  breakage("portsOfTheCode", "dev", "http listens at 127.0.0.1 alone", (_find, objects) => {
    settings(objects).LASTKNOWN_QUERY_HOST = "127.0.0.1";
  }),
  breakage("portsOfTheCode", "dev", "Job replay: port operations is 9464, not 1", (find) => {
    container(find("Job replay")).args = ["replay", "/app/sample/fleet.csv", "--operations-port", "1"];
  }),
  breakage(
    "timeToStop",
    "dev",
    "Deployment consumer is killed after 20000 ms, and needs 30000",
    (_find, objects) => {
      settings(objects).LASTKNOWN_WORKER_DRAIN_DEADLINE_MS = "30000";
    },
  ),
  breakage("timeToStop", "dev", "StatefulSet query is killed after 20000 ms, and needs 20000", (find) => {
    container(find("StatefulSet query")).lifecycle.preStop.sleep.seconds = 15;
  }),
  breakage("spread", "dev", "StatefulSet query is not spread over topology.kubernetes.io/zone", (find) => {
    pod(find("StatefulSet query")).topologySpreadConstraints.pop();
  }),
  breakage("spread", "dev", "Deployment consumer is spread by the pods of", (find) => {
    pod(find("Deployment consumer")).topologySpreadConstraints[0].labelSelector.matchLabels = { app: "x" };
  }),
  breakage("knownSettings", "dev", "LASTKNOWN_WORKER_LINGERING_MS is no setting", (_find, objects) => {
    settings(objects).LASTKNOWN_WORKER_LINGERING_MS = "8";
  }),
  breakage("knownSettings", "dev", "LASTKNOWN_PARTITIONS", (_find, objects) => {
    settings(objects).LASTKNOWN_PARTITIONS = "15";
  }),
  breakage("knownSettings", "prod", "/etc/lastknown/kafka/password cannot be read", (find) => {
    container(find("Deployment consumer")).volumeMounts[0].mountPath = "/etc/lastknown/elsewhere";
  }),
  breakage("reachableServers", "dev", "there is no service kafka-0", (_find, objects) => {
    settings(objects).LASTKNOWN_KAFKA_BROKERS = "kafka-0:9092";
  }),
  breakage("usedConfiguration", "dev", "ConfigMap spare is used by nobody", (_find, objects) => {
    objects.push({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "spare" }, data: {} });
  }),
  breakage("ownPods", "dev", "Deployment consumer does not choose its own pods", (find) => {
    find("Deployment consumer").spec.selector.matchLabels["app.kubernetes.io/component"] = "worker";
  }),
  breakage("ownPods", "dev", "Deployment consumer chooses the pods of StatefulSet query", (find) => {
    delete find("Deployment consumer").spec.selector.matchLabels["app.kubernetes.io/component"];
  }),
  ...[
    "Service query",
    "Service redis-address-5",
    "PodDisruptionBudget consumer",
    "NetworkPolicy questions",
  ].map((name) =>
    breakage("selectorsThatFind", "dev", `${name} chooses no pod`, (find) => {
      const { spec } = find(name);
      const chosen = spec.podSelector?.matchLabels ?? spec.selector.matchLabels ?? spec.selector;
      chosen["app.kubernetes.io/component"] = "nobody";
    }),
  ),
  breakage("selectorsThatFind", "dev", "Service redis-address-5 chooses no pod", (find) => {
    find("StatefulSet redis").spec.replicas = 5;
  }),
  breakage("selectorsThatFind", "prod", "PodMonitor consumer chooses no pod", (find) => {
    find("PodMonitor consumer").spec.selector.matchLabels["app.kubernetes.io/component"] = "worker";
  }),
  breakage("portsThatFind", "dev", "Service query: no pod has a port web", (find) => {
    find("Service query").spec.ports[0].targetPort = "web";
  }),
  breakage("portsThatFind", "prod", "PodMonitor consumer: no pod has a port metrics", (find) => {
    find("PodMonitor consumer").spec.podMetricsEndpoints[0].port = "metrics";
  }),
  breakage(
    "portsThatFind",
    "staging",
    "ServiceMonitor query: not one service has a port operations",
    (find) => {
      find("Service query").spec.ports.push({ name: "operations", port: 9464, targetPort: "operations" });
    },
  ),
  breakage("namesThatAreThere", "dev", "Job topics: there is no ConfigMap setting", (find) => {
    container(find("Job topics")).envFrom[0].configMapRef.name = "setting";
  }),
  breakage("namesThatAreThere", "dev", "Deployment consumer: there is no ServiceAccount worker", (find) => {
    pod(find("Deployment consumer")).serviceAccountName = "worker";
  }),
  breakage(
    "namesThatAreThere",
    "prod",
    "docs/kubernetes.md does not ask for a Secret kafka-logins",
    (find) => {
      pod(find("StatefulSet query")).volumes.find(
        ({ name }: Loose) => name === "kafka-login",
      ).secret.secretName = "kafka-logins";
    },
  ),
  breakage("namesThatAreThere", "prod", "Secret keda-login with user", (find) => {
    find("TriggerAuthentication keda-login").spec.secretTargetRef[0].key = "user";
  }),
  breakage("mountsThatAreThere", "dev", "StatefulSet query: there is no volume views", (find) => {
    find("StatefulSet query").spec.volumeClaimTemplates[0].metadata.name = "views";
    container(find("StatefulSet query")).volumeMounts.push({ name: "views", mountPath: "/views" });
    find("StatefulSet query").spec.volumeClaimTemplates = [];
  }),
  breakage("mountsThatAreThere", "dev", "Job replay mounts no tmp", (find) => {
    container(find("Job replay")).volumeMounts = [];
  }),
  breakage("mountsThatAreThere", "dev", "the image has no /app/sample/cars.csv", (find) => {
    container(find("Job replay")).args[1] = "/app/sample/cars.csv";
  }),
  breakage("scriptsThatAreThere", "dev", "StatefulSet redis: there is no /scripts/start.sh", (find) => {
    container(find("StatefulSet redis")).command[1] = "/scripts/start.sh";
  }),
  breakage("deniedByDefault", "dev", "nothing is denied by default", (find) => {
    find("NetworkPolicy default-deny").spec.policyTypes = ["Ingress"];
  }),
  breakage("deniedByDefault", "dev", "NetworkPolicy questions opens all ports", (find) => {
    delete find("NetworkPolicy questions").spec.ingress[0].ports;
  }),
  breakage("deniedByDefault", "dev", "NetworkPolicy scrapes opens a port to everybody", (find) => {
    delete find("NetworkPolicy scrapes").spec.ingress[0].from;
  }),
  breakage("waysToServers", "dev", "Deployment consumer has no way to kafka:9092", (find) => {
    find("NetworkPolicy to-servers").spec.egress.shift();
  }),
  breakage("waysToServers", "dev", "Job topics has no way to redis-0.redis:6379", (find) => {
    find("NetworkPolicy redis").spec.ingress.pop();
  }),
  breakage(
    "waysToServers",
    "prod",
    "Deployment consumer has no way to registry.example.com:8443",
    (_find, objects) => {
      settings(objects).LASTKNOWN_REGISTRY_URL = "https://registry.example.com:8443/apis/ccompat/v7";
    },
  ),
  breakage("waysToServers", "staging", "StatefulSet query has no way to :53", (find, objects) => {
    without(objects, find("NetworkPolicy dns"));
  }),
  breakage(
    "waysIn",
    "dev",
    "Deployment consumer: nobody may come to its port operations",
    (find, objects) => {
      without(objects, find("NetworkPolicy scrapes"));
    },
  ),
  breakage("disruptionBudgets", "dev", "PodDisruptionBudget query leaves no pod of 1", (find) => {
    find("StatefulSet query").spec.replicas = 1;
  }),
  breakage("disruptionBudgets", "prod", "PodDisruptionBudget consumer leaves no pod of 1", (find) => {
    find("ScaledObject consumer").spec.minReplicaCount = 1;
  }),
  breakage("disruptionBudgets", "dev", "PodDisruptionBudget consumer gives away 2 pods", (find) => {
    find("PodDisruptionBudget consumer").spec.maxUnavailable = 2;
  }),
  breakage("disruptionBudgets", "dev", "StatefulSet query has no budget", (find, objects) => {
    without(objects, find("PodDisruptionBudget query"));
  }),
  breakage("rolledOverOneByOne", "dev", "Deployment consumer is not rolled over one by one", (find) => {
    find("Deployment consumer").spec.strategy.rollingUpdate.maxUnavailable = 1;
  }),
  breakage(
    "autoscaling",
    "prod",
    "ScaledObject consumer goes to 16 workers of 32 partitions",
    (_find, objects) => {
      settings(objects).LASTKNOWN_PARTITIONS = "32";
    },
  ),
  breakage(
    "autoscaling",
    "prod",
    "ScaledObject consumer: the threshold is 10000, not 20000",
    (_find, objects) => {
      settings(objects).LASTKNOWN_WORKER_COMMIT_INTERVAL_MS = "1000";
    },
  ),
  breakage("autoscaling", "staging", "HorizontalPodAutoscaler consumer: the threshold is 1000", (find) => {
    find("HorizontalPodAutoscaler consumer").spec.metrics[0].external.target.averageValue = "1000";
  }),
  breakage("autoscaling", "prod", "an apply sets the number of workers back", (find) => {
    find("Deployment consumer").spec.replicas = 3;
  }),
  breakage("autoscaling", "dev", "nobody says how many workers there are", (find) => {
    delete find("Deployment consumer").spec.replicas;
  }),
  breakage("autoscaling", "prod", "looks at topic events, not lastknown.events", (find) => {
    find("ScaledObject consumer").spec.triggers[0].metadata.topic = "events";
  }),
  breakage(
    "autoscaling",
    "staging",
    "looks at group lastknown.worker, not buses.worker",
    (_find, objects) => {
      settings(objects).LASTKNOWN_FLEET = "buses";
    },
  ),
  breakage("autoscaling", "prod", "takes workers away after 0 s", (find) => {
    const { advanced } = find("ScaledObject consumer").spec;
    advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds = 0;
  }),
  breakage("autoscaling", "prod", "more than one scales the workers", (find, objects) => {
    objects.push(structuredClone(find("ScaledObject consumer")));
  }),
  breakage("plannedCpu", "dev", "Deployment consumer requests 0.1 CPU, and needs", (find) => {
    container(find("Deployment consumer")).resources.requests.cpu = "100m";
  }),
  breakage("kedaTriggers", "prod", "takes away workers that are busy", (find) => {
    find("ScaledObject consumer").spec.triggers.pop();
  }),
  breakage("kedaTriggers", "prod", "counts partitions without lag", (find) => {
    delete find("ScaledObject consumer").spec.triggers[0].metadata.limitToPartitionsWithLag;
  }),
  breakage("kedaTriggers", "prod", "takes a group without commits for one without lag", (find) => {
    find("ScaledObject consumer").spec.triggers[0].metadata.offsetResetPolicy = "latest";
  }),
  breakage("kedaTriggers", "prod", "may take workers away when Kafka is away", (find) => {
    find("ScaledObject consumer").spec.fallback.behavior = "static";
  }),
  breakage("kedaTriggers", "prod", "logs in with none, the workers with scram_sha512", (find) => {
    delete find("ScaledObject consumer").spec.triggers[0].metadata.sasl;
  }),
  breakage("kedaTriggers", "prod", "has no login of its own", (find) => {
    delete find("ScaledObject consumer").spec.triggers[0].authenticationRef;
  }),
  breakage("kedaTriggers", "prod", "has tls=disable, unlike the workers", (find) => {
    find("ScaledObject consumer").spec.triggers[0].metadata.tls = "disable";
  }),
  breakage("kedaTriggers", "prod", "where nobody knows kafka:9093", (_find, objects) => {
    settings(objects).LASTKNOWN_KAFKA_BROKERS = "kafka:9093";
  }),
  breakage(
    "plannedTopics",
    "prod",
    "KafkaTopic lastknown.audit has cleanup.policy=delete, planned is compact",
    (find) => {
      find("KafkaTopic lastknown.audit").spec.config["cleanup.policy"] = "delete";
    },
  ),
  breakage("plannedTopics", "prod", "has retention.ms=undefined", (find) => {
    delete find("KafkaTopic lastknown.dlq").spec.config["retention.ms"];
  }),
  breakage("plannedTopics", "staging", "has segment.ms=1000, planned is undefined", (find) => {
    find("KafkaTopic lastknown.events").spec.config["segment.ms"] = "1000";
  }),
  breakage("plannedTopics", "prod", "has partitions=16, planned is 32", (_find, objects) => {
    settings(objects).LASTKNOWN_PARTITIONS = "32";
  }),
  breakage("plannedTopics", "prod", "there is no KafkaTopic lastknown.dlq", (find, objects) => {
    without(objects, find("KafkaTopic lastknown.dlq"));
  }),
  breakage("plannedTopics", "prod", "KafkaTopic spare is no topic of the fleet", (_find, objects) => {
    objects.push({ apiVersion: "kafka.strimzi.io/v1", kind: "KafkaTopic", metadata: { name: "spare" } });
  }),
  breakage("rightsByName", "prod", "KafkaUser lastknown has rights on topic lastknown", (find) => {
    const [first] = find("KafkaUser lastknown").spec.authorization.acls;
    first.resource = { type: "topic", name: "lastknown", patternType: "prefix" };
  }),
  breakage("rightsByName", "prod", "the fleet's user may not write to lastknown.audit", (find) => {
    find("KafkaUser lastknown").spec.authorization.acls[1].operations = ["Read"];
  }),
  breakage("rightsByName", "prod", "KafkaUser lastknown-keda may do more than look", (find) => {
    find("KafkaUser lastknown-keda").spec.authorization.acls[0].operations = ["Describe", "Read"];
  }),
];

const describeBuilt = cannotBuild === "" ? describe : describe.skip;

describeBuilt(`the policies, on copies with one thing wrong${cannotBuild}`, () => {
  it.each(BREAKAGES)("$policy: $complaint", ({ policy, overlay, breaks, complaint }) => {
    const objects = brokenCopy(overlay, breaks);
    expect(policies[policy](objects).join("\n")).toContain(complaint);
  });

  it("are each shown to find something", () => {
    const shown = new Set(BREAKAGES.map(({ policy }) => policy));
    expect(Object.keys(policies).filter((name) => !shown.has(name as PolicyName))).toEqual([]);
  });
});

describeBuilt(`the schemas, on copies with one thing wrong${cannotBuild}`, () => {
  const WRONG_VALUES: readonly (readonly [string, Overlay, Breakage["breaks"]])[] = [
    ["Deployment consumer", "dev", (find) => void (find("Deployment consumer").spec.replicas = "three")],
    ["StatefulSet query", "dev", (find) => void delete find("StatefulSet query").spec.selector],
    ["Job topics", "dev", (find) => void (find("Job topics").apiVersion = "batch/v3")],
    [
      "ScaledObject consumer",
      "prod",
      (find) => void delete find("ScaledObject consumer").spec.scaleTargetRef,
    ],
    [
      "KafkaTopic lastknown.audit",
      "prod",
      (find) => void (find("KafkaTopic lastknown.audit").spec.partitions = "16"),
    ],
    [
      "KafkaUser lastknown",
      "staging",
      (find) => void (find("KafkaUser lastknown").spec.authentication.type = "pin"),
    ],
    ["PodMonitor consumer", "staging", (find) => void (find("PodMonitor consumer").spec.selector = "all")],
  ];
  it.each(WRONG_VALUES)("%s is refused with a wrong value", async (name, overlay, breaks) => {
    expect(await schemaComplaints(brokenCopy(overlay, breaks))).toEqual([expect.stringContaining(name)]);
  });

  const UNKNOWN: readonly (readonly [string, Overlay, Breakage["breaks"]])[] = [
    [
      "Deployment consumer",
      "dev",
      (find) => void (container(find("Deployment consumer")).imagePullPolize = "Always"),
    ],
    ["Service query", "dev", (find) => void (find("Service query").spec.ports[0].targetport = 1)],
    ["NetworkPolicy dns", "dev", (find) => void (find("NetworkPolicy dns").spec.egres = [])],
    ["ScaledObject consumer", "prod", (find) => void (find("ScaledObject consumer").spec.maxReplicas = 16)],
    [
      "TriggerAuthentication keda-login",
      "prod",
      (find) => void (find("TriggerAuthentication keda-login").spec.env2 = []),
    ],
    [
      "KafkaTopic lastknown.audit",
      "prod",
      (find) => void (find("KafkaTopic lastknown.audit").spec.retention = 1),
    ],
    ["KafkaUser lastknown", "staging", (find) => void (find("KafkaUser lastknown").spec.acls = [])],
    [
      "HorizontalPodAutoscaler consumer",
      "staging",
      (find) => void (find("HorizontalPodAutoscaler consumer").spec.max = 1),
    ],
    [
      "PodMonitor consumer",
      "staging",
      (find) => void (find("PodMonitor consumer").spec.podMetricsEndpoints[0].job = "x"),
    ],
  ];
  it.each(UNKNOWN)("%s is refused with a field that nobody knows", async (name, overlay, breaks) => {
    expect(await unknownFields(brokenCopy(overlay, breaks))).toEqual([
      expect.stringMatching(new RegExp(`^${name}: .*does not exist in type`)),
    ]);
  });
});

function brokenCopy(overlay: Overlay, breaks: Breakage["breaks"]): KubernetesObject[] {
  const objects = structuredClone(objectsOf(`k8s/overlays/${overlay}`)) as KubernetesObject[];
  const find = (name: string): Loose => {
    const [kind, ...rest] = name.split(" ");
    const found = objects.find((object) => object.kind === kind && object.metadata.name === rest.join(" "));
    if (found === undefined) throw new Error(`there is no ${name} to break`);
    return found;
  };
  breaks(find, objects);
  return objects;
}
