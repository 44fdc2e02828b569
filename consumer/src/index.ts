export { createWorkerMetrics } from "./worker-metrics.js";
export { startWorker, type RunningWorker, type WorkerDependencies } from "./start-worker.js";
