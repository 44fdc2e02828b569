import { expect, test } from "@jest/globals";
import { KafkaUnavailableError, type Appender } from "@lastknown/shared";
import { eventually } from "./eventually.js";
import { MemoryWorkerGroup } from "./group/memory/memory-worker-group.js";
import type { WorkerGroup } from "./group/worker-group.js";
import { fleetOf, recordsOf } from "./healing-for-test.js";

/** More than a record may end its process, alone and in a batch. */
const LIVES = 8;
/** By then the worker waits, and has taken its note back. */
const REFUSALS = 5;

test("workers that are killed while they wait for the audit's leader hold nothing against a record", async () => {
  const fleet = await fleetOf();
  await fleet.produce([fleet.recordOf(fleet.eventOf({ user: "a", timeStamp: 1, sts: 1, attributes: {} }))]);
  for (let life = 0; life < LIVES; life++) {
    fleet.coordinator.forgetMembers();
    const real = new MemoryWorkerGroup(fleet.coordinator);
    let isDead = false;
    // The coordinator serves; the leader of the audit's partition does not.
    const group: WorkerGroup = {
      join: (listener) => real.join(listener),
      leave: () => real.leave(),
      committed: () => real.committed(),
      commit: async (...commit) =>
        isDead ? await new Promise<never>(() => undefined) : await real.commit(...commit),
    };
    let refused = 0;
    const appender: Appender = {
      append: async (topic, records) => {
        if (topic !== fleet.names.auditTopic) return await fleet.log.append(topic, records);
        refused++;
        throw new KafkaUnavailableError(["test"], "take the records");
      },
      close: () => Promise.resolve(),
    };
    const worker = fleet.worker({ group, appender, settings: { drainDeadlineMs: 100 } });
    await worker.start();
    await eventually("waits for the audit", () => refused >= REFUSALS);
    // What it does after a kill -9 reaches nobody.
    isDead = true;
    worker.failed(new Error("killed"));
    await worker.stop();
  }
  const worker = fleet.worker();
  await worker.start();
  await eventually("caught up", () => fleet.isCaughtUp());
  await worker.stop();
  expect(await recordsOf(fleet, fleet.names.deadLetterTopic)).toEqual([]);
  expect([...fleet.states.states().keys()]).toEqual(["a"]);
});
