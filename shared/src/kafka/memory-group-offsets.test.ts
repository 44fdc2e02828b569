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
    join: async () => {
      const member = { memberId: "test-1", clientId: "test", host: "127.0.0.1", partitions: [0, 1] };
      await Promise.resolve(offsets.join(group, "fleet.events", member));
    },
    close: () => Promise.resolve(),
  };
});
