import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  auditRecordKind,
  bufferOf,
  decodeAuditEntry,
  FatalError,
  KafkaRefusedError,
  type AppendRecord,
  type LogRecord,
} from "@lastknown/shared";
import { eventually } from "../eventually.js";
import { FakeFleet, type Replacements } from "../worker-on-fakes.js";
import type { EventJudge } from "./event-judge.js";

const POISONED = "poisoned";
/** The tries with others of the batch are not counted among those of the record alone. */
const ATTEMPTS_MAX = 3;

/** Where a record fails in a way nobody foresaw, and how many of its tries do; each notes its moment. */
interface Fault {
  readonly at: keyof typeof REPLACEMENTS;
  readonly triesToFail: number;
}

/** Throws as often as the fault says. */
class Failing {
  readonly #triesToFail: number;
  readonly triedAtMs: number[] = [];

  constructor(triesToFail: number) {
    this.#triesToFail = triesToFail;
  }

  fail(): void {
    this.triedAtMs.push(performance.now());
    if (this.triedAtMs.length <= this.#triesToFail) throw new TypeError("unforeseen");
  }
}

const isPoisoned = (key: Buffer | null): boolean => key?.includes(POISONED) === true;

const REPLACEMENTS = {
  judging: (_fleet: FakeFleet, failing: Failing): Replacements => ({
    judge: (judge) => ({
      judge: (...[partition, record, schemas]: Parameters<EventJudge["judge"]>) => {
        if (isPoisoned(record.key)) failing.fail();
        return judge.judge(partition, record, schemas);
      },
    }),
  }),
  "writing its attributes": (_fleet: FakeFleet, failing: Failing): Replacements => ({
    judge: (judge) => ({
      judge: (...[partition, record, schemas]: Parameters<EventJudge["judge"]>) => {
        const judged = judge.judge(partition, record, schemas);
        if (judged.kind !== "arrival" || !isPoisoned(record.key)) return judged;
        const attributes = Object.defineProperty({}, "note", {
          enumerable: true,
          get: () => failing.fail(),
        }) as Record<string, string>;
        const { eventId, user, timeStamp, sts } = judged.event;
        return { ...judged, event: { eventId, user, timeStamp, sts, attributes } };
      },
    }),
  }),
  "appending it to the audit": ({ log, names }: FakeFleet, failing: Failing): Replacements => ({
    appender: {
      append: async (topic: string, records: readonly AppendRecord[]) => {
        if (topic === names.auditTopic && records.some(({ key }) => isPoisoned(key && bufferOf(key))))
          failing.fail();
        await log.append(topic, records);
      },
      close: () => log.close(),
    },
  }),
  "applying it to the store": (fleet: FakeFleet, failing: Failing): Replacements => ({
    states: fleet.storeWith(async (updates) => {
      if (updates.some((update) => update.states.some(({ user }) => user === POISONED))) failing.fail();
      return await fleet.states.apply(updates);
    }),
  }),
};

describe("a record on which a step fails in a way nobody foresaw", () => {
  let fleet: FakeFleet;
  beforeEach(async () => {
    fleet = new FakeFleet(1);
    await fleet.create();
  });

  const produce = async (users: readonly string[]): Promise<void> => {
    const events = users.map((user) => fleet.eventOf({ user, timeStamp: 1, sts: 1, attributes: {} }));
    await fleet.produce(events.map((event) => fleet.recordOf(event)));
  };

  const runUntilCaughtUp = async ({ at, triesToFail }: Fault): Promise<Failing> => {
    const failing = new Failing(triesToFail);
    const settings = { recordAttemptsMax: ATTEMPTS_MAX, retryDelayMs: 20, retryDelayMaxMs: 30 };
    const worker = fleet.worker({ ...REPLACEMENTS[at](fleet, failing), settings });
    await worker.start();
    try {
      await Promise.race([eventually("caught up", () => fleet.isCaughtUp()), worker.ended]);
    } finally {
      await worker.stop();
    }
    return failing;
  };

  test.each(Object.keys(REPLACEMENTS) as (keyof typeof REPLACEMENTS)[])(
    "is a dead letter after a bounded number of tries where it fails in %s, and the others go on",
    async (at) => {
      await produce(["a", POISONED, "b", "a"]);
      const { triedAtMs } = await runUntilCaughtUp({ at, triesToFail: Infinity });
      expect(await lettersIn(fleet)).toEqual([
        { offset: 1, reason: "internal", error: "TypeError: unforeseen" },
      ]);
      expect([...fleet.states.states().keys()].sort()).toEqual(["a", "b"]);
      // Only what the store does not take is in the audit already.
      const isAudited = at === "applying it to the store";
      expect(await auditedOffsets(fleet)).toEqual(isAudited ? [0, 1, 2, 3] : [0, 2, 3]);
      // With all four, with half of them, and then alone.
      expect(triedAtMs).toHaveLength(2 + ATTEMPTS_MAX);
      const waits = triedAtMs.map((ms, index) => ms - (triedAtMs[index - 1] ?? ms));
      // Timers may end a millisecond early.
      expect(waits[3]).toBeGreaterThanOrEqual(19);
      expect(waits[4]).toBeGreaterThanOrEqual(29);
      for (const progress of fleet.states.progressOfAll().values()) expect(progress).toBe(4);
    },
  );

  test.each(Object.keys(REPLACEMENTS) as (keyof typeof REPLACEMENTS)[])(
    "is none where it goes well at last (%s)",
    async (at) => {
      await produce(["a", POISONED]);
      await runUntilCaughtUp({ at, triesToFail: ATTEMPTS_MAX });
      expect(await lettersIn(fleet)).toEqual([]);
      expect([...fleet.states.states().keys()].sort()).toEqual(["a", POISONED]);
      expect(await auditedOffsets(fleet)).toEqual([0, 1]);
    },
  );

  test.each(Object.keys(REPLACEMENTS) as (keyof typeof REPLACEMENTS)[])(
    "is not to blame where all of many fail in %s: the worker ends, and nothing is drained",
    async (at) => {
      await produce(Array.from({ length: 12 }, () => POISONED));
      await expect(runUntilCaughtUp({ at, triesToFail: Infinity })).rejects.toThrow("unforeseen");
      expect(await lettersIn(fleet)).toEqual([]);
      expect(fleet.coordinator.committed.get(0) ?? 0).toBe(0);
    },
  );

  test("is a dead letter before any progress passes it", async () => {
    await produce(["a", POISONED, "b", "a"]);
    const { log, names, states } = fleet;
    let furthest: number | undefined;
    const append = async (topic: string, records: readonly AppendRecord[]): Promise<void> => {
      if (topic === names.deadLetterTopic) furthest = Math.max(0, ...states.progressOfAll().values());
      await log.append(topic, records);
    };
    const worker = fleet.worker({
      ...REPLACEMENTS["applying it to the store"](fleet, new Failing(Infinity)),
      appender: { append, close: () => log.close() },
    });
    await worker.start();
    await eventually("caught up", () => fleet.isCaughtUp());
    await worker.stop();
    expect(furthest).toBeLessThanOrEqual(1);
  });

  test("is not to blame where the store takes nothing without it either", async () => {
    await produce(["a"]);
    const states = fleet.storeWith(() => Promise.reject(new TypeError("no script")));
    const worker = fleet.worker({ states });
    await worker.start();
    await expect(worker.ended).rejects.toThrow("no script");
    await worker.stop();
    expect(await lettersIn(fleet)).toEqual([]);
  });

  test("is not to blame where the audit takes nothing else either", async () => {
    await produce(["a"]);
    const { log, names } = fleet;
    const append = async (topic: string, records: readonly AppendRecord[]): Promise<void> => {
      if (topic === names.auditTopic) throw new Error("the broker failed");
      await log.append(topic, records);
    };
    const worker = fleet.worker({ appender: { append, close: () => log.close() } });
    await worker.start();
    await expect(worker.ended).rejects.toThrow("the broker failed");
    await worker.stop();
    expect(await lettersIn(fleet)).toEqual([]);
  });

  test.each([
    ["a person has to mend it", new FatalError("two texts for schema 7", { fix: "look" })],
    ["Kafka refuses us", new KafkaRefusedError(["a:1"], "take records", { cause: new Error("no right") })],
  ])("is not to blame where %s: the worker ends", async (_case, error) => {
    await produce(["a", POISONED, "b"]);
    const { log, names } = fleet;
    const append = async (topic: string, records: readonly AppendRecord[]): Promise<void> => {
      if (topic === names.auditTopic && records.some(({ key }) => isPoisoned(key && bufferOf(key))))
        throw error;
      await log.append(topic, records);
    };
    const worker = fleet.worker({ appender: { append, close: () => log.close() } });
    await worker.start();
    await expect(worker.ended).rejects.toBe(error);
    await worker.stop();
    expect(await lettersIn(fleet)).toEqual([]);
  });
});

async function recordsIn(fleet: FakeFleet, topic: string): Promise<readonly LogRecord[]> {
  return (await fleet.log.read(topic, 0, 0, { bytesMax: 1 << 30, waitMs: 0 })).records;
}

async function lettersIn(fleet: FakeFleet): Promise<{ offset: number; reason: string; error: string }[]> {
  const letters = await recordsIn(fleet, fleet.names.deadLetterTopic);
  return letters.map(({ headers }) => ({
    offset: Number(headers["offset"]),
    reason: String(headers["reason"]),
    error: String(headers["error"]),
  }));
}

/** Of the audit's entries, each once. */
async function auditedOffsets(fleet: FakeFleet): Promise<number[]> {
  fleet.log.compact(fleet.names.auditTopic);
  const entries = (await recordsIn(fleet, fleet.names.auditTopic)).filter(
    ({ key }) => key !== null && auditRecordKind(key)?.kind === "entry",
  );
  return entries.map(({ value }) => decodeAuditEntry(value as Buffer).offset).sort((a, b) => a - b);
}
