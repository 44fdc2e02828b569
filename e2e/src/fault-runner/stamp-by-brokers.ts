import { KafkaTools } from "../harness/kafka-tools.js";

/**
 * Has the brokers stamp what goes to a fleet's audit and dead letters: the oracle compares moments, and theirs is the
 * clock that no fault moves.
 *
 * @param brokers `host:port`, separated by commas
 */
export async function stampByBrokers(brokers: string, fleet: string): Promise<void> {
  const tools = new KafkaTools(brokers);
  for (const topic of [`${fleet}.audit`, `${fleet}.dlq`])
    await tools.configureTopic(topic, { "message.timestamp.type": "LogAppendTime" });
}
