import { bucketOf } from "@lastknown/shared";
import { describeStateStore } from "../state-store.contract.js";
import { MemoryStateStore } from "./memory-state-store.js";

describeStateStore("memory", () => {
  const store = new MemoryStateStore();
  return {
    store,
    state: (user) => Promise.resolve(store.state(bucketOf(Buffer.from(user)), user)),
    lose: (bucket) => Promise.resolve(store.lose(bucket)),
  };
});
