import { bucketOf } from "@lastknown/shared";
import { describeLatestStates } from "./latest-states.contract.js";
import { MemoryLatestStates } from "./memory-latest-states.js";

describeLatestStates("latest states in memory", () => {
  const states = new MemoryLatestStates();
  return Promise.resolve({
    states,
    put: (state) => Promise.resolve(void states.states.set(state.user, state)),
    putProgress: (user, progress) =>
      Promise.resolve(void states.progress.set(bucketOf(Buffer.from(user)), progress)),
    close: () => Promise.resolve(),
  });
});
