import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { runReplay, type ReplaySummary } from "@lastknown/producer";
import { bodyOf, decodeEventHead, MemoryLog, MemorySchemaRegistry, silentLogger } from "@lastknown/shared";
import { measureDelays, planOf } from "./measure-delays.js";

const TOPIC = "buses.events";
const SPEED = 3600;

async function replayed(csv: string, log: MemoryLog): Promise<ReplaySummary> {
  const folder = mkdtempSync(join(tmpdir(), "lastknown-"));
  try {
    const file = join(folder, "rows.csv");
    writeFileSync(file, csv);
    const registry = new MemorySchemaRegistry();
    const target = { appender: log, registry, topic: TOPIC, subject: "s", partitions: 1 };
    return await runReplay(
      { file, speed: SPEED, types: { speed: "double" } },
      { target, logger: silentLogger },
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("the plan begins at the first row that is sent, not at one that is rejected", async () => {
  const log = new MemoryLog({ topics: { [TOPIC]: 1 } });
  const csv = "user_id,ts,speed\na,1700000000,fast\na,1700003600,5\na,1700003601,6\n";
  const plan = planOf(await replayed(csv, log), SPEED);
  if (plan === undefined) throw new Error("nothing was planned");
  const { records } = await log.read(TOPIC, 0, 0, { bytesMax: 1 << 20, waitMs: 0 });
  const early = records.map(
    ({ value, appendedAtMs }) => plan(decodeEventHead(bodyOf(value!)).sts) - appendedAtMs,
  );
  expect(early).toHaveLength(2);
  // A record's moment is whole milliseconds, so it may seem one early.
  expect(Math.max(...early)).toBeLessThanOrEqual(2);
});

test("a partition that gives nothing before its end is not asked for ever", async () => {
  const log = new MemoryLog({ topics: { [TOPIC]: 1 } });
  await log.append(TOPIC, [{ partition: 0, key: Buffer.from("a"), value: null }]);
  log.read = async (_topic, _partition, offset) => ({
    records: [],
    nextOffset: offset,
    highWatermark: 1,
    logStartOffset: 0,
  });
  await expect(measureDelays(log, TOPIC, undefined, new Map())).rejects.toThrow(
    "topic buses.events partition 0 gives nothing from offset 0 on",
  );
});
