import { expect, test } from "@jest/globals";
import {
  fleetNames,
  MemoryLog,
  silentLogger,
  type EndKind,
  type Logger,
  type PartitionEnds,
} from "@lastknown/shared";
import { OpenQuestions } from "../answers/open-questions.js";
import { FleetForTest } from "../fleet-for-test.js";
import { until } from "../memory-service-for-test.js";
import { MemoryViewStore } from "../view/memory/memory-view-store.js";
import { AuditFolder, type Folded } from "./audit-folder.js";
import { ViewFolder } from "./view-folder.js";

const names = fleetNames("test");

/** A log in which something happens right after it was first asked for its ends. */
class LogThatMoves extends MemoryLog {
  afterFirstLook: (() => Promise<void>) | undefined;

  override async ends(topic: string, kind?: EndKind): Promise<Map<number, PartitionEnds>> {
    const ends = await super.ends(topic, kind);
    const { afterFirstLook } = this;
    this.afterFirstLook = undefined;
    await afterFirstLook?.();
    return ends;
  }
}

test("has not caught up before it has what compaction moved behind the first end meanwhile", async () => {
  const log = new LogThatMoves({ topics: { [names.eventsTopic]: 1, [names.auditTopic]: 1 } });
  const fleet = new FleetForTest({ fleet: "test", appender: log, partitions: 1 });
  await fleet.establish();
  const published = await fleet.publishAndAudit([{ user: "bus", timeStamp: 1, sts: 1 }]);
  log.afterFirstLook = async () => {
    await fleet.audit(published);
    log.compact(names.auditTopic);
  };

  const store = new MemoryViewStore();
  let usersWhenRunning: string[] | undefined;
  const logger: Logger = {
    ...silentLogger,
    info: (_message, fields) => {
      if (fields?.["state"] === "running") usersWhenRunning = [...store.users(undefined)];
    },
  };
  const observer = { folded: () => undefined, unreadable: () => undefined, failed: () => undefined };
  const common = { store, auditTopic: names.auditTopic, observer, logger };
  const folder = new ViewFolder({
    ...common,
    reader: log,
    partitions: 1,
    folder: new AuditFolder({ ...common, fleet: fleet.record }),
    foldRecordsMax: 10,
    questions: new OpenQuestions(),
    // One record at a time: so it comes to the first end, and not past it at once.
    fetchBytesMax: 1,
    fetchWaitMs: 10,
    lingerMs: 0,
  });
  folder.start();
  await until(
    () => Promise.resolve(folder.hasCaughtUp),
    (hasCaughtUp) => hasCaughtUp,
  );
  await folder.stop();
  expect(usersWhenRunning).toEqual(["bus"]);
});

test("folds in short transactions while questions are asked, so that answers have their turns", async () => {
  const log = new MemoryLog({ topics: { [names.eventsTopic]: 1, [names.auditTopic]: 1 } });
  const fleet = new FleetForTest({ fleet: "test", appender: log, partitions: 1 });
  await fleet.establish();
  const events = Array.from({ length: 450 }, (_, index) => ({ user: "bus", timeStamp: index, sts: index }));
  await fleet.publishAndAudit(events);

  const store = new MemoryViewStore();
  const sizes: number[] = [];
  const observer = {
    folded: ({ added }: Folded) => void sizes.push(added.length),
    unreadable: () => undefined,
    failed: () => undefined,
  };
  const common = { store, auditTopic: names.auditTopic, observer, logger: silentLogger };
  const questions = new OpenQuestions();
  const folder = new ViewFolder({
    ...common,
    reader: log,
    partitions: 1,
    folder: new AuditFolder({ ...common, fleet: fleet.record }),
    foldRecordsMax: 400,
    questions,
    fetchBytesMax: 1_048_576,
    fetchWaitMs: 10,
    lingerMs: 0,
  });
  await questions.during(async () => {
    folder.start();
    await until(
      () => Promise.resolve(folder.hasCaughtUp),
      (hasCaughtUp) => hasCaughtUp,
    );
  });
  await folder.stop();
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(450);
  // What follows may be larger, where the question had its turn for longer than a transaction takes.
  expect(sizes.find((size) => size > 0)).toBeLessThanOrEqual(100);
});
