export { isRight } from "./report.js";
export {
  plannedScenarios,
  runFaults,
  type FaultRunnerOptions,
  type FaultRunnerResult,
} from "./run-faults.js";
