export { KafkaWorkerGroup } from "./group/kafka/kafka-worker-group.js";
export { createWorkerMetrics } from "./worker-metrics.js";
export { startWorker, type RunningWorker, type WorkerDependencies } from "./start-worker.js";
