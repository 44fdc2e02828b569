import { expect, test } from "@jest/globals";
import {
  bucketOf,
  EventEncoder,
  evolveEventSchema,
  partitionOf,
  type AppendRecord,
  type Event,
} from "@lastknown/shared";
import { eventually } from "./eventually.js";
import { FakeFleet } from "./worker-on-fakes.js";

const PARTITIONS = 2;
const USERS = Array.from({ length: 20 }, (_, index) => `user ${index}`);
/** One user of each partition. */
const [HELD = "", FREE = ""] = [0, 1].map((partition) =>
  USERS.find((user) => partitionOf(Buffer.from(user), PARTITIONS) === partition),
);
/** Registered by a writer, and unknown to the workers. */
const LATER = evolveEventSchema(undefined, [{ header: "colour", type: "string" }]);

class FleetWithLaterSchema extends FakeFleet {
  #later: EventEncoder | undefined;

  async createWithLater(): Promise<void> {
    await this.create();
    this.#later = new EventEncoder(LATER, await this.registry.register("later", LATER.text));
  }

  at(user: string, timeStamp: number): Event {
    return this.eventOf({ user, timeStamp, sts: timeStamp, attributes: {} });
  }

  later(event: Event): AppendRecord {
    const value = (this.#later as EventEncoder).encode(event);
    return { ...this.recordOf(event), value };
  }

  timeOf(user: string): string | undefined {
    return this.states.state(bucketOf(Buffer.from(user)), user)?.timeStamp;
  }
}

async function fleetWithHeldPartition() {
  const fleet = new FleetWithLaterSchema(PARTITIONS);
  await fleet.createWithLater();
  const worker = fleet.worker();
  await worker.start();
  await fleet.produce([HELD, FREE].map((user) => fleet.recordOf(fleet.at(user, 1))));
  await eventually("caught up", () => fleet.isCaughtUp());
  const first = fleet.timeOf(HELD);
  fleet.registry.isReachable = false;
  const held = [
    fleet.recordOf(fleet.at(HELD, 2)),
    fleet.later(fleet.at(HELD, 3)),
    fleet.recordOf(fleet.at(HELD, 4)),
  ];
  await fleet.produce([...held, fleet.recordOf(fleet.at(FREE, 2))]);
  await eventually("before it all is applied", () => fleet.timeOf(HELD) !== first);
  return { fleet, worker };
}

test("a record of a schema that only the registry knows holds up its partition, and that from itself on", async () => {
  const { fleet, worker } = await fleetWithHeldPartition();
  await eventually("waits", () => worker.ready() === "waiting for registry");
  await fleet.produce([fleet.recordOf(fleet.at(FREE, 3))]);
  await eventually("the other partition goes on", () => fleet.coordinator.committed.get(1) === 3);
  await eventually("all before it is committed", () => fleet.coordinator.committed.get(0) === 2);
  const before = fleet.timeOf(HELD);
  fleet.states.lose(bucketOf(Buffer.from(HELD)));
  await eventually("healed up to it", () => fleet.timeOf(HELD) === before);
  fleet.states.lose(bucketOf(Buffer.from(FREE)));
  await eventually("the other is healed", () => fleet.timeOf(FREE) !== undefined);
  expect(fleet.coordinator.committed.get(0)).toBe(2);
  fleet.registry.isReachable = true;
  await eventually("caught up", () => fleet.isCaughtUp());
  expect(fleet.timeOf(HELD)).not.toBe(before);
  expect((await fleet.log.ends(fleet.names.deadLetterTopic)).get(0)).toEqual({ start: 0, end: 0 });
  await eventually("waits for nobody", () => worker.ready() === undefined);
  await worker.stop();
});

test("a worker stops in time while a partition waits for the registry, and leaves what is done committed", async () => {
  const { fleet, worker } = await fleetWithHeldPartition();
  await worker.stop();
  expect(Object.fromEntries(fleet.coordinator.committed)).toEqual({ 0: 2, 1: 2 });
});
