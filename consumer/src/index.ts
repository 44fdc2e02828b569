export { startWorker, type RunningWorker, type WorkerDependencies } from "./start-worker.js";
