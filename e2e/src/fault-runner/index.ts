export { plannedScenarios } from "./planned-scenarios.js";
export { isRight } from "./report.js";
export { runFaults, type FaultRunnerOptions, type FaultRunnerResult } from "./run-faults.js";
