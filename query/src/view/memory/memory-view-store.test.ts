import { describeViewStore } from "../view-store.contract.js";
import { MemoryViewStore } from "./memory-view-store.js";

describeViewStore("the view in memory", async () => {
  const store = new MemoryViewStore();
  return Promise.resolve({ store, remove: () => store.close() });
});
