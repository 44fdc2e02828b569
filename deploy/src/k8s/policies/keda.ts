import { settingsOf } from "../pod-settings.js";
import { nameOf, ofKind } from "../kubernetes-object.js";
import { ownWorkloadsIn } from "../workload.js";
import type { Policy } from "./policy.js";

/** What KEDA has to be told so that it sees the lag as the workers do, and does no harm when it sees none. */
export const kedaTriggers: Policy = (objects) =>
  ofKind(objects, "ScaledObject").flatMap((object) => {
    const { triggers, fallback } = object.spec as unknown as {
      triggers: {
        type: string;
        metadata: Readonly<Record<string, string>>;
        authenticationRef?: { name: string };
      }[];
      fallback?: { behavior?: string };
    };
    const name = nameOf(object);
    const [trigger] = triggers;
    if (trigger === undefined || trigger.type !== "kafka") return [`${name} has no trigger of Kafka`];
    const { limitToPartitionsWithLag, offsetResetPolicy, bootstrapServersFromEnv } = trigger.metadata;
    return [
      ...(triggers.some(({ type }) => type === "cpu") ? [] : [`${name} takes away workers that are busy`]),
      ...(limitToPartitionsWithLag === "true" ? [] : [`${name} counts partitions without lag`]),
      ...(offsetResetPolicy === "earliest"
        ? []
        : [`${name} takes a group without commits for one without lag`]),
      ...(fallback?.behavior === "currentReplicasIfHigher"
        ? []
        : [`${name} may take workers away when Kafka is away`]),
      ...(bootstrapServersFromEnv === "LASTKNOWN_KAFKA_BROKERS"
        ? []
        : [`${name} asks other brokers than the workers`]),
      ...ownWorkloadsIn(objects)
        .filter(({ object: { metadata } }) => metadata.name === "consumer")
        .flatMap((consumer) => loginComplaints(name, trigger, settingsOf(consumer, objects).kafka)),
    ];
  });

function loginComplaints(
  name: string,
  trigger: { metadata: Readonly<Record<string, string>>; authenticationRef?: { name: string } },
  kafka: { brokers: string[]; tls: unknown; sasl: { mechanism: string } | undefined },
): string[] {
  const { tls = "disable", sasl = "none" } = trigger.metadata;
  const wanted = kafka.sasl?.mechanism.replaceAll("-", "_").replace("sha_", "sha") ?? "none";
  const short = kafka.brokers.filter((broker) => !broker.includes("."));
  return [
    ...((tls === "enable") === (kafka.tls !== undefined)
      ? []
      : [`${name} has tls=${tls}, unlike the workers`]),
    ...(sasl === wanted ? [] : [`${name} logs in with ${sasl}, the workers with ${wanted}`]),
    ...((trigger.authenticationRef === undefined) === (kafka.sasl === undefined)
      ? []
      : [`${name} has no login of its own`]),
    ...short.map((broker) => `${name} asks from its own namespace, where nobody knows ${broker}`),
  ];
}
