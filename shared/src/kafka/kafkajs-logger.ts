import type { LogEntry } from "kafkajs";
import kafkajs from "kafkajs";
import type { Logger } from "../logging/index.js";

/** Where kafkajs's lines of each level go. Debug lines are never asked for: it makes several per request. */
export type KafkajsLogLevels = "as-warnings" | "as-debug";

/** While a broker is away, a client says the same several times a second. */
const WARNED_EVERY_MS = 10_000;
/** What was said longest ago is forgotten first. */
const KINDS_KEPT_MAX = 100;

/**
 * Passes kafkajs's lines on. Its errors are no better than warnings here: it retries most of them, and those that
 * it gives up on are thrown to a caller, who logs them once. The same warning comes once in a while, and else as a
 * debug line.
 */
export function kafkajsLogCreator(logger: Logger, levels: KafkajsLogLevels): () => (entry: LogEntry) => void {
  return () => {
    /** Kind of warning → when it was last given. */
    const warnedAtMs = new Map<string, number>();
    const isDue = (kind: string): boolean => {
      const nowMs = performance.now();
      if (nowMs < (warnedAtMs.get(kind) ?? -Infinity) + WARNED_EVERY_MS) return false;
      warnedAtMs.delete(kind);
      warnedAtMs.set(kind, nowMs);
      const [oldest] = warnedAtMs.keys();
      if (warnedAtMs.size > KINDS_KEPT_MAX && oldest !== undefined) warnedAtMs.delete(oldest);
      return true;
    };
    return ({ level, namespace, log }) => {
      const { message, ...facts } = log;
      const reason = withoutStack(message);
      const fields: Record<string, unknown> = { namespace, reason };
      for (const [name, fact] of Object.entries(facts)) {
        if (!REPEATED_FIELDS.has(name)) fields[name] = withoutStack(fact);
      }
      const isFault = level === kafkajs.logLevel.ERROR || level === kafkajs.logLevel.WARN;
      if (!isFault || levels === "as-debug") logger.debug("kafka client reported", fields);
      else if (isDue(kindOf(namespace, reason))) logger.warn("kafka client reported a fault", fields);
      else logger.debug("kafka client reported a fault", fields);
    };
  };
}

/** Our own lines have a time and a component; a stack inside kafkajs tells its user nothing. */
const REPEATED_FIELDS = new Set(["timestamp", "logger", "stack"]);

/** kafkajs gives some errors whole, even as the message, and a logger writes them with their stacks. */
function withoutStack(fact: unknown): unknown {
  return fact instanceof Error ? fact.message : fact;
}

/** Brokers, members, times and attempts are told apart by numbers and ids. */
function kindOf(namespace: string, reason: unknown): string {
  return `${namespace} ${String(reason).replaceAll(/[\da-f]{8}-[\da-f-]{27}|\d+/g, "#")}`;
}
