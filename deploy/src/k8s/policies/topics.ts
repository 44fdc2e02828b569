import { fleetNames, planTopics } from "@lastknown/shared";
import { nameOf, ofKind, type KubernetesObject } from "../kubernetes-object.js";
import { settingsOf } from "../pod-settings.js";
import { ownWorkloadsIn } from "../workload.js";
import type { Policy } from "./policy.js";

/** Where `lastknown topics` makes three copies. */
const BROKERS = 3;

/** Strimzi makes the topics exactly as `lastknown topics` would, which finds nothing to complain about then. */
export const plannedTopics: Policy = (objects) => {
  const found = ofKind(objects, "KafkaTopic");
  const job = ownWorkloadsIn(objects).find(({ object }) => object.metadata.name === "topics");
  if (found.length === 0 || job === undefined) return [];
  const { fleet, topics } = settingsOf(job, objects);
  const plans = planTopics(fleetNames(fleet.name), topics, {
    partitions: fleet.partitions,
    brokers: BROKERS,
  });
  return [
    ...plans.flatMap(({ topic, ...plan }) => {
      const object = found.find(({ metadata }) => metadata.name === topic);
      if (object === undefined) return [`there is no KafkaTopic ${topic}`];
      const { partitions, replicas, config } = object.spec as unknown as TopicSpec;
      const wanted: Record<string, unknown> = {
        ...plan.configuration,
        partitions: plan.partitions,
        replicas: plan.replicationFactor,
      };
      const has: Record<string, unknown> = { ...config, partitions, replicas };
      return [...new Set([...Object.keys(wanted), ...Object.keys(has)])]
        .filter((name) => wanted[name] !== has[name])
        .map(
          (name) =>
            `KafkaTopic ${topic} has ${name}=${String(has[name])}, planned is ${String(wanted[name])}`,
        );
    }),
    ...found
      .filter(({ metadata }) => !plans.some(({ topic }) => topic === metadata.name))
      .map((object) => `${nameOf(object)} is no topic of the fleet`),
  ];
};

/** The rights name topics and group of the fleet, and nothing else; who only looks may only look. */
export const rightsByName: Policy = (objects) => {
  const job = ownWorkloadsIn(objects).find(({ object }) => object.metadata.name === "topics");
  const users = ofKind(objects, "KafkaUser");
  if (users.length === 0 || job === undefined) return [];
  const settings = settingsOf(job, objects);
  const names = fleetNames(settings.fleet.name);
  const topics = [names.eventsTopic, names.auditTopic, names.deadLetterTopic];
  return [
    ...users.flatMap((user) =>
      aclsOf(user)
        .filter(({ resource: { type, name, patternType } }) => {
          const known = type === "topic" ? topics : [names.workerGroup];
          return patternType !== "literal" || !known.includes(name);
        })
        .map(({ resource }) => `${nameOf(user)} has rights on ${resource.type} ${resource.name}`),
    ),
    ...topics
      .filter((topic) => !ownRights(users, settings.kafka.sasl?.username, topic).includes("Write"))
      .map((topic) => `the fleet's user may not write to ${topic}`),
    ...users
      .filter(({ metadata }) => metadata.name !== settings.kafka.sasl?.username)
      .filter((user) => aclsOf(user).some(({ operations }) => operations.join() !== "Describe"))
      .map((user) => `${nameOf(user)} may do more than look`),
  ];
};

interface TopicSpec {
  readonly partitions: number;
  readonly replicas: number;
  readonly config: Readonly<Record<string, string>>;
}

interface Acl {
  readonly resource: { readonly type: string; readonly name: string; readonly patternType: string };
  readonly operations: readonly string[];
}

function aclsOf({ spec }: KubernetesObject): Acl[] {
  return (spec as unknown as { authorization: { acls: Acl[] } }).authorization.acls;
}

function ownRights(
  users: readonly KubernetesObject[],
  name: string | undefined,
  topic: string,
): readonly string[] {
  const user = users.find(({ metadata }) => metadata.name === name);
  return user === undefined
    ? []
    : aclsOf(user)
        .filter(({ resource }) => resource.name === topic)
        .flatMap(({ operations }) => operations);
}
