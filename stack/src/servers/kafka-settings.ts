import { join } from "node:path";
import { type BrokerPlace, HOST, proxyBefore, type StackState } from "../stack-layout.js";

export type KafkaSettings = Readonly<Record<string, string | number>>;

/** The settings of one broker, which is also a voter of the quorum. */
export function kafkaSettings(state: StackState, broker: BrokerPlace, folder: string): KafkaSettings {
  const { brokers } = state.layout;
  const copies = brokers.length;
  const listeners = `PLAINTEXT://${HOST}:${broker.port},CONTROLLER://${HOST}:${broker.controllerPort}`;
  const proxy = proxyBefore(state.layout, broker.name);
  return {
    "process.roles": "broker,controller",
    "node.id": broker.nodeId,
    "controller.quorum.bootstrap.servers": brokers
      .map(({ controllerPort }) => `${HOST}:${controllerPort}`)
      .join(","),
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,PROXIED:PLAINTEXT",
    listeners: proxy === undefined ? listeners : `${listeners},PROXIED://${HOST}:${proxy.targetPort}`,
    "advertised.listeners": proxy === undefined ? listeners : `${listeners},PROXIED://${HOST}:${proxy.port}`,
    "log.dirs": join(folder, "log"),
    // A misspelt topic must fail, not come into being.
    "auto.create.topics.enable": "false",
    "default.replication.factor": copies,
    "min.insync.replicas": copies > 1 ? 2 : 1,
    "unclean.leader.election.enable": "false",
    "offsets.topic.num.partitions": 8,
    "offsets.topic.replication.factor": copies,
    "transaction.state.log.num.partitions": 1,
    "transaction.state.log.replication.factor": copies,
    "transaction.state.log.min.isr": 1,
    "share.coordinator.state.topic.num.partitions": 1,
    "share.coordinator.state.topic.replication.factor": copies,
    "share.coordinator.state.topic.min.isr": 1,
    "group.initial.rebalance.delay.ms": 0,
    // A killed broker is noticed in 3 s instead of 9.
    "broker.session.timeout.ms": 3000,
    "broker.heartbeat.interval.ms": 500,
    // Compaction and deletion act within a second, so that a test sees them happen.
    "log.cleaner.backoff.ms": 200,
    "log.cleaner.dedupe.buffer.size": 32 * 1024 * 1024,
    "log.retention.check.interval.ms": 1000,
    "log.initial.task.delay.ms": 1000,
    "log.segment.delete.delay.ms": 1000,
  };
}

/** As a file of Java properties. */
export function linesOf(settings: KafkaSettings): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
}
