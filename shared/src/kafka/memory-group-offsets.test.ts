import { describeGroupOffsets } from "./group-offsets.contract.js";
import { MemoryGroupOffsets } from "./memory-group-offsets.js";

describeGroupOffsets("MemoryGroupOffsets", async () => {
  const offsets = new MemoryGroupOffsets();
  const group = "fleet.worker";
  return {
    offsets,
    group,
    topic: "fleet.events",
    otherTopic: "other.events",
    commit: async (...commit) => offsets.commit(group, ...commit),
    close: () => Promise.resolve(),
  };
});
