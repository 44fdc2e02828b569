import { expect, test } from "@jest/globals";
import { auditRecordKind, EventEncoder, evolveEventSchema, type AppendRecord } from "@lastknown/shared";
import { eventually } from "./eventually.js";
import { recordsOf } from "./healing-for-test.js";
import { FakeFleet } from "./worker-on-fakes.js";

const AUDIT_BYTES_MAX = 4096;
const COLUMNS = Array.from({ length: 200 }, (_, n) => ({ header: `column ${n}`, type: "string" as const }));

test("a record whose schema is longer than the audit takes is dead-lettered, and no entry stands without its copy", async () => {
  const fleet = new FakeFleet(1, { auditBytesMax: AUDIT_BYTES_MAX });
  await fleet.create();
  const giant = evolveEventSchema(undefined, COLUMNS);
  const encoder = new EventEncoder(giant, await fleet.registry.register("somebody's", giant.text));
  const recordOf = (user: string): AppendRecord =>
    fleet.recordOf(fleet.eventOf({ user, timeStamp: 1, sts: 1, attributes: {} }));
  const odd = fleet.eventOf({ user: "odd", timeStamp: 1, sts: 1, attributes: {} });
  await fleet.produce([
    recordOf("before"),
    { ...recordOf("odd"), value: encoder.encode(odd) },
    recordOf("after"),
  ]);
  const worker = fleet.worker();
  await worker.start();
  await Promise.race([worker.ended, eventually("caught up", () => fleet.isCaughtUp())]);
  await worker.stop();
  const letters = await recordsOf(fleet, fleet.names.deadLetterTopic);
  expect(letters.map(({ headers }) => String(headers["reason"]))).toEqual(["too_large"]);
  expect([...fleet.states.states().keys()].toSorted()).toEqual(["after", "before"]);
  const entries = (await recordsOf(fleet, fleet.names.auditTopic)).filter(
    ({ key }) => key !== null && auditRecordKind(key)?.kind === "entry",
  );
  expect(entries).toHaveLength(2);
});
