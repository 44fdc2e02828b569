import { describeWorkerGroup, GROUP_PARTITIONS } from "../worker-group.contract.js";
import { MemoryCoordinator, MemoryWorkerGroup } from "./memory-worker-group.js";

describeWorkerGroup("memory", () => {
  const coordinator = new MemoryCoordinator(GROUP_PARTITIONS);
  return Promise.resolve({ member: () => new MemoryWorkerGroup(coordinator) });
});
