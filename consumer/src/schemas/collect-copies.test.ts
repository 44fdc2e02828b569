import { beforeEach, describe, expect, test } from "@jest/globals";
import { FatalError, MemoryLog, schemaCopyKey, silentLogger, type LogReader } from "@lastknown/shared";
import { Patience } from "../faults/patience.js";
import { collectCopies } from "./collect-copies.js";
import { MemorySchemaCopies } from "./memory/memory-schema-copies.js";

const AUDIT = "fleet.audit";
const NEVER = new AbortController().signal;

describe("collecting the audit's schema copies", () => {
  let copies: MemorySchemaCopies;
  let log: MemoryLog;
  let moves: number;
  beforeEach(async () => {
    copies = new MemorySchemaCopies();
    log = new MemoryLog({ topics: { [AUDIT]: 2 } });
    moves = 0;
    await log.append(AUDIT, [
      { partition: 0, key: schemaCopyKey(1), value: Buffer.from("one") },
      { partition: 1, key: schemaCopyKey(2), value: Buffer.from("two") },
    ]);
  });

  const collectBy = async (reader: Partial<LogReader>): Promise<void> => {
    await collectCopies(
      {
        reader: { ends: (topic: string) => log.ends(topic), ...reader } as LogReader,
        auditTopic: AUDIT,
        copies,
        patience: new Patience({ delayMs: 1, delayMaxMs: 2, logger: silentLogger }),
        moved: () => moves++,
      },
      NEVER,
    );
  };

  test("has them all, whichever partition they stand in", async () => {
    await collectBy({ read: (...place) => log.read(...place) });
    expect([await copies.textById(1), await copies.textById(2), await copies.isComplete(), moves]).toEqual([
      "one",
      "two",
      true,
      2,
    ]);
  });

  test("calls them complete in no case where a partition gives nothing before its end", async () => {
    const read: LogReader["read"] = async (topic, partition, offset, limits) => {
      if (partition === 0) return await log.read(topic, partition, offset, limits);
      return { records: [], nextOffset: offset, highWatermark: 1, logStartOffset: 0 };
    };
    const collected = collectBy({ read });
    await expect(collected).rejects.toBeInstanceOf(FatalError);
    await expect(collected).rejects.toThrow(`topic ${AUDIT} partition 1 gives nothing from offset 0 on`);
    expect([await copies.isComplete(), moves]).toEqual([false, 1]);
  });
});
