import { runInThisContext } from "node:vm";
import { describe, expect, test } from "@jest/globals";
import {
  auditEntryKey,
  establishFleet,
  FatalError,
  MemoryFleetRecordCell,
  newFleetRecord,
  printFleetRecord,
  type AppendRecord,
} from "@lastknown/shared";
import { eventually } from "../eventually.js";
import { FakeFleet } from "../worker-on-fakes.js";
import type { Worker } from "../worker.js";

const PARTITIONS = 2;
const SHAPE = { partitions: PARTITIONS, maxFutureSkew: 300_000_000 };
/** Of the users, so that both partitions have records. */
const USERS = ["a", "b", "c", "d", "e", "f"];

function recordsAt(fleet: FakeFleet, time: number): AppendRecord[] {
  return USERS.map((user) =>
    fleet.recordOf(fleet.eventOf({ user, timeStamp: time, sts: time, attributes: {} })),
  );
}

async function workedOn(partitions = PARTITIONS): Promise<{ fleet: FakeFleet; worker: Worker }> {
  const fleet = new FakeFleet(partitions);
  await fleet.create();
  const worker = fleet.worker();
  await worker.start();
  await fleet.produce(recordsAt(fleet, 1));
  await eventually("caught up", () => fleet.isCaughtUp());
  return { fleet, worker };
}

/** Makes a topic anew by hand. */
function remake(fleet: FakeFleet, topic: string, partitions = PARTITIONS): void {
  fleet.log.createTopic(topic, partitions);
}

/** The one that Node warns by: the global one of a test is jest's own. */
const nodesProcess = runInThisContext("process") as NodeJS.Process;

/** Append times are told apart by milliseconds. */
async function aMomentLater(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 5));
}

async function messageOf(ended: Promise<void>): Promise<string> {
  const error = await ended.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FatalError)) throw new Error(`not a FatalError: ${String(error)}`);
  return `${error.message}: ${error.fix}`;
}

/** What becomes of the worker that runs, at its next assignment; and of another that starts as if it knew nothing. */
async function refusalAtNextAssignment(
  change: (fleet: FakeFleet) => Promise<void> | void,
): Promise<{ message: string; id: string }> {
  const { fleet, worker } = await workedOn();
  const id = fleet.record.id;
  await change(fleet);
  fleet.coordinator.rebalance();
  const message = await messageOf(worker.ended);
  await worker.stop();
  return { message, id };
}

describe("a worker that runs, at its next assignment", () => {
  test("goes on where nothing has changed", async () => {
    const { fleet, worker } = await workedOn();
    fleet.coordinator.rebalance();
    await fleet.produce(recordsAt(fleet, 2));
    await eventually("caught up", () => fleet.isCaughtUp());
    await worker.stop();
    await expect(worker.ended).resolves.toBeUndefined();
  });

  test("looks at many partitions at once, and Node takes that for no leak of listeners", async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    nodesProcess.on("warning", note);
    const { worker } = await workedOn(16);
    await worker.stop();
    nodesProcess.off("warning", note);
    expect(warnings).toEqual([]);
  });

  test("refuses an audit topic that was made anew for another fleet, naming both ids", async () => {
    let other = "";
    const { message, id } = await refusalAtNextAssignment(async (fleet) => {
      const { names, log: reader, log: appender } = fleet;
      remake(fleet, names.auditTopic);
      const redis = new MemoryFleetRecordCell();
      other = (await establishFleet({ names, reader, appender, redis }, SHAPE)).id;
    });
    expect(message).toContain(`fleet id ${id} here and ${other} there`);
    expect(message).toContain("point at the servers that belong together");
  });

  test("refuses an audit topic that was made anew and holds no record", async () => {
    const { message, id } = await refusalAtNextAssignment((fleet) => remake(fleet, fleet.names.auditTopic));
    expect(message).toContain(`holds no record of fleet ${id} in partition 0, 1 any more: it was made anew`);
    expect(message).toContain("delete the keys test{*} of the old fleet from Redis");
  });

  test("refuses a Redis of another fleet, naming both ids", async () => {
    const other = newFleetRecord(PARTITIONS, SHAPE.maxFutureSkew);
    const { message, id } = await refusalAtNextAssignment((fleet) => {
      fleet.redis.hold(printFleetRecord(other));
    });
    expect(message).toContain(`Redis belongs to another fleet than the audit topic: fleet id ${id} here`);
    expect(message).toContain(`${other.id} there`);
  });

  test("gives the record back to a Redis that was emptied", async () => {
    const { fleet, worker } = await workedOn();
    fleet.redis.hold(undefined);
    fleet.coordinator.rebalance();
    await eventually("written back", async () => {
      return (await fleet.redis.read()) === printFleetRecord(fleet.record);
    });
    await worker.stop();
  });

  test("refuses topics with another number of partitions", async () => {
    const { message, id } = await refusalAtNextAssignment((fleet) =>
      remake(fleet, fleet.names.eventsTopic, PARTITIONS * 2),
    );
    expect(message).toContain(`test.events has at least 4 partitions, where fleet ${id} was made with 2`);
  });

  test("refuses an events topic that was made anew with fewer partitions", async () => {
    const fleet = new FakeFleet(PARTITIONS);
    // With an audit that holds no entry yet, by which it would be told before.
    await fleet.create();
    const worker = fleet.worker();
    await worker.start();
    remake(fleet, fleet.names.eventsTopic, PARTITIONS - 1);
    fleet.coordinator.rebalance();
    const message = await messageOf(worker.ended);
    await worker.stop();
    expect(message).toContain("topic test.events has no partition 1");
    expect(message).toContain("made anew with fewer partitions than the fleet has: use another --fleet name");
  });

  test("refuses an events topic that was made anew and is longer already", async () => {
    const { message } = await refusalAtNextAssignment(async (fleet) => {
      await aMomentLater();
      remake(fleet, fleet.names.eventsTopic);
      await fleet.produce([...recordsAt(fleet, 2), ...recordsAt(fleet, 3)]);
    });
    expect(message).toMatch(/was appended at .*, but the one there was at .*: the topic was made anew/);
    expect(message).toContain("use another --fleet name");
  });

  test("refuses an events topic that was made anew, also where Kafka and Redis have forgotten all", async () => {
    const { message } = await refusalAtNextAssignment((fleet) => {
      remake(fleet, fleet.names.eventsTopic);
      fleet.coordinator.committed.clear();
      for (const bucket of fleet.states.progressOfAll().keys()) fleet.states.lose(bucket);
    });
    expect(message).toMatch(/but there is none: the topic was made anew/);
  });

  test("goes on where a leader that is new does not know yet how far its replicas are", async () => {
    const { fleet, worker } = await workedOn();
    const { eventsTopic } = fleet.names;
    const read = fleet.log.read.bind(fleet.log);
    fleet.log.read = async (topic, partition, offset, limits) => {
      const slice = await read(topic, partition, offset, limits);
      if (topic !== eventsTopic) return slice;
      return { ...slice, records: [], nextOffset: offset, highWatermark: offset };
    };
    fleet.coordinator.rebalance();
    await fleet.produce(recordsAt(fleet, 2));
    await Promise.race([eventually("caught up", () => fleet.isCaughtUp()), worker.ended]);
    await worker.stop();
  });

  test("goes on where the audit's last entries cannot be read", async () => {
    const { fleet, worker } = await workedOn();
    const entry = { key: auditEntryKey("a", 0, 0, "0".repeat(32)), value: Buffer.from("no entry") };
    const unreadable = Array.from({ length: 100 }, () => ({ partition: 0, ...entry }));
    await fleet.log.append(fleet.names.auditTopic, unreadable);
    fleet.coordinator.rebalance();
    await fleet.produce(recordsAt(fleet, 2));
    await Promise.race([eventually("caught up", () => fleet.isCaughtUp()), worker.ended]);
    await worker.stop();
    await expect(worker.ended).resolves.toBeUndefined();
  });

  test("says nothing where retention has removed the record that it would look at", async () => {
    const { fleet, worker } = await workedOn();
    const ends = await fleet.log.ends(fleet.names.eventsTopic);
    for (const [partition, { end }] of ends)
      fleet.log.truncateBefore(fleet.names.eventsTopic, partition, end);
    fleet.coordinator.rebalance();
    await fleet.produce(recordsAt(fleet, 2));
    await eventually("caught up", () => fleet.isCaughtUp());
    await worker.stop();
    await expect(worker.ended).resolves.toBeUndefined();
  });
});
