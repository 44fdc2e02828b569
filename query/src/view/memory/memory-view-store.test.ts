import { describeTiedArrivals } from "../../answers/tied-arrivals.contract.js";
import { describeViewStore, type StoreUnderTest } from "../view-store.contract.js";
import { MemoryViewStore } from "./memory-view-store.js";

const make = (): Promise<StoreUnderTest> => {
  const store = new MemoryViewStore();
  return Promise.resolve({ store, remove: () => store.close() });
};

describeViewStore("the view in memory", make);
describeTiedArrivals("the view in memory", make);
