import type { LogEntry } from "kafkajs";
import kafkajs from "kafkajs";
import type { Logger } from "../logging/index.js";

/** Where kafkajs's lines of each level go. Debug lines are never asked for: it makes several per request. */
export type KafkajsLogLevels = "as-warnings" | "as-debug";

/**
 * Passes kafkajs's lines on. Its errors are no better than warnings here: it retries most of them, and those that
 * it gives up on are thrown to a caller, who logs them once.
 */
export function kafkajsLogCreator(logger: Logger, levels: KafkajsLogLevels): () => (entry: LogEntry) => void {
  return () =>
    ({ level, namespace, log }) => {
      const { message: reason, ...facts } = log;
      const fields: Record<string, unknown> = { namespace, reason };
      for (const [name, fact] of Object.entries(facts)) {
        if (!REPEATED_FIELDS.has(name)) fields[name] = fact;
      }
      const isWarning = level === kafkajs.logLevel.ERROR || level === kafkajs.logLevel.WARN;
      if (isWarning && levels === "as-warnings") logger.warn("kafka client reported a fault", fields);
      else logger.debug("kafka client reported", fields);
    };
}

/** Our own lines have a time and a component; a stack inside kafkajs tells its user nothing. */
const REPEATED_FIELDS = new Set(["timestamp", "logger", "stack"]);
