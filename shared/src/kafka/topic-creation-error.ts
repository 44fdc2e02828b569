import { faultOf, unwrap } from "./kafka-fault.js";

/** Why a broker made no topic: its own word, as `INVALID_REPLICATION_FACTOR`, and what to do. */
export class TopicCreationError extends Error {
  override readonly name = "TopicCreationError";
  readonly topic: string;
  readonly reason: string;

  constructor(topic: string, reason: string, options: { cause: Error }) {
    super(
      `topic ${topic} is not created, as Kafka answers ${reason} (${options.cause.message}): ${fixOf(reason)}`,
      options,
    );
    this.topic = topic;
    this.reason = reason;
  }
}

const FIXES: Readonly<Record<string, string>> = {
  INVALID_REPLICATION_FACTOR: "set --replication-factor to no more than the brokers that run, or to auto",
  INVALID_CONFIG: "check the limits of topics in the settings, and in the broker's configuration",
  POLICY_VIOLATION: "the brokers' policy for new topics forbids it; ask who runs them",
};

function fixOf(reason: string): string {
  return FIXES[reason] ?? "check the settings of topics against what the brokers allow";
}

/** kafkajs's error for one topic; its types do not name it. */
interface RefusedTopic extends Error {
  readonly topic: string;
  readonly type: string;
}

/** kafkajs says only that topics were not created, and hides the broker's words, one for each topic, inside. */
export function translateTopicCreationError(error: unknown): unknown {
  const together = unwrap(error);
  if (together === undefined || !("errors" in together) || !Array.isArray(together.errors)) return error;
  const refused = together.errors.find(isRefusedTopic);
  if (refused === undefined) return error;
  // A right that is missing is told as for any other call.
  if (faultOf(refused) === "refused") return refused;
  return new TopicCreationError(refused.topic, refused.type, { cause: refused });
}

function isRefusedTopic(error: unknown): error is RefusedTopic {
  return (
    error instanceof Error && error.name === "KafkaJSCreateTopicError" && !isThere(error as RefusedTopic)
  );
}

/** Another process may have made one of them meanwhile; that is not why the others were not. */
function isThere({ type }: RefusedTopic): boolean {
  return type === "TOPIC_ALREADY_EXISTS";
}
