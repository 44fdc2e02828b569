import { describe, expect, it } from "@jest/globals";
import { readFileSync } from "node:fs";
import { USUAL_FUTURE_SKEW } from "../meaning/order.js";
import { foldAll, recomputeBytes } from "../recompute.js";
import type { TopicRecord } from "../servers/topic-record.js";
import {
  auditRecords,
  eventRecords,
  PARTITIONS,
  redisStates,
  SCHEMA_ID,
  SCHEMA_TEXT,
  serveAnswers,
  type Spoil,
} from "./fleet-for-test.js";
import { judgeAnswers, type AnswersJudgement } from "./judge-answers.js";
import { judgeAudit } from "./judge-audit.js";
import { judgeDeadLetters } from "./judge-dead-letters.js";
import { judgeEvents } from "./judge-events.js";
import { judgeStates } from "./judge-states.js";
import { printJudgement, type Judgement } from "./judgement.js";
import { randomQuestions } from "./questions.js";
import { readEvents } from "./read-events.js";

const FILE = `device_id,time_stamp,sts,speed,battery (%),on
a,2024-01-01T00:00:10Z,2024-01-01T00:00:11Z,1.5,full,true
a,2024-01-01T00:00:05Z,2024-01-01T00:00:12Z,,,
b/{1},1970-01-02T00:00:00Z,2024-01-01T00:00:12Z,-0.25,x,false
a,2024-01-01T00:00:10Z,2024-01-01T00:00:13Z,1.5,full,true
a,2024-01-01T00:00:10Z,2024-01-01T00:00:13Z,1.5,full,true
..,2024-01-03T00:00:00Z,2024-01-01T00:00:14Z,2,,
`;

const schemas = new Map([[SCHEMA_ID, SCHEMA_TEXT]]);
const { arrivals } = recomputeBytes(Buffer.from(FILE));
const events = eventRecords(arrivals);
const read = readEvents(events, schemas, PARTITIONS);
const timelines = foldAll(read.arrivals, USUAL_FUTURE_SKEW);
const audit = auditRecords(events);

const wrongCount = ({ checked, right }: Judgement): number => checked - right;

/** The records, with one of them changed, put twice or left out. */
function altered(
  records: readonly TopicRecord[],
  index: number,
  alter: (record: TopicRecord) => TopicRecord[],
): TopicRecord[] {
  return records.flatMap((record, place) => (place === index ? alter(record) : [record]));
}

function flipped(value: Buffer | null, at: number): Buffer {
  const copy = Buffer.from(value ?? "");
  copy[at < 0 ? copy.length + at : at] = (copy.at(at) ?? 0) ^ 1;
  return copy;
}

describe("judgeEvents", () => {
  it("finds a faultless topic right, and the file's every row in it", () => {
    expect(judgeEvents(arrivals, read)).toEqual({ checked: 6, right: 6, wrong: [] });
  });

  const judge = (records: TopicRecord[], resumed = false): number => {
    const ordered = records.map((record, index) => ({ ...record, offset: index }));
    return wrongCount(judgeEvents(arrivals, readEvents(ordered, schemas, PARTITIONS), { resumed }));
  };

  it("reports a lost, a doubled, a changed and a misplaced record", () => {
    expect(judge(events)).toBe(0);
    expect(judge(altered(events, 2, () => []))).toBeGreaterThan(0);
    expect(judge(altered(events, 2, (record) => [record, record]))).toBeGreaterThan(0);
    expect(judge(altered(events, 2, (record) => [{ ...record, value: flipped(record.value, 5) }]))).toBe(1);
    const elsewhere = altered(events, 2, (record) => [
      { ...record, partition: (record.partition + 1) % PARTITIONS },
    ]);
    expect(judge(elsewhere)).toBeGreaterThan(0);
    expect(judge(altered(events, 2, (record) => [{ ...record, key: Buffer.from("c") }]))).toBeGreaterThan(0);
  });

  it("reports rows of one user that were published in another order", () => {
    const mine = events.flatMap(({ key }, index) => (key?.toString() === "a" ? [index] : []));
    const [first = 0, second = 0] = mine;
    const swapped = [...events];
    [swapped[first], swapped[second]] = [events[second] as TopicRecord, events[first] as TopicRecord];
    expect(judge(swapped)).toBe(2);
  });

  it("lets rows stand twice where a replay was resumed, and still misses none", () => {
    const different = recomputeBytes(Buffer.from(FILE.replace(/(a,.*13Z,.*\n)\1/, "$1")));
    const topic = eventRecords([...different.arrivals, ...different.arrivals.slice(1)]);
    const found = readEvents(topic, schemas, PARTITIONS);
    expect(wrongCount(judgeEvents(different.arrivals, found, { resumed: true }))).toBe(0);
    expect(wrongCount(judgeEvents(different.arrivals, found))).toBeGreaterThan(0);
  });
});

describe("judgeAudit", () => {
  const judge = (records: readonly TopicRecord[], doublesAllowed = false): number => {
    return wrongCount(judgeAudit({ events, read, audit: records, schemas, doublesAllowed }));
  };
  const entry = audit.findIndex(({ key }) => (key?.length ?? 0) > 28);

  it("finds a faultless audit right", () => {
    expect(judge(audit)).toBe(0);
    expect(judge(audit, true)).toBe(0);
  });

  it("reports a missing, a doubled, a foreign and a changed entry", () => {
    expect(judge(altered(audit, entry, () => []))).toBe(1);
    expect(judge(altered(audit, entry, (record) => [record, record]))).toBe(1);
    expect(
      judge(
        altered(audit, entry, (record) => [record, record]),
        true,
      ),
    ).toBe(0);
    const foreign = altered(audit, entry, (record) => [record, { ...record, key: flipped(record.key, -17) }]);
    expect(judge(foreign)).toBeGreaterThan(0);
    const value = audit[entry]?.value ?? null;
    for (let at = 5; at < (value?.length ?? 0); at++) {
      expect(
        judge(altered(audit, entry, (record) => [{ ...record, value: flipped(value, at) }])),
      ).toBeGreaterThan(0);
    }
  });

  it("reports a double with other bytes, even where doubles are allowed", () => {
    const doubled = altered(audit, entry, (record) => [
      record,
      { ...record, value: flipped(record.value, -1) },
    ]);
    expect(judge(doubled, true)).toBe(1);
  });

  it("reports an audit keyed by user alone, as compaction then would leave it", () => {
    const lastPerUser = new Map(
      audit.map((record) => [record.key?.toString("latin1").slice(0, -28), record]),
    );
    const compacted = audit.filter((record) => {
      return (record.key?.length ?? 0) <= 28 || [...lastPerUser.values()].includes(record);
    });
    expect(judge(compacted)).toBe(3);
  });

  it("reports a missing or differing copy of a schema or of the fleet record", () => {
    const schema = audit.findIndex(({ key, partition }) => {
      return key?.toString() === `schema:${SCHEMA_ID}` && partition === audit[entry]?.partition;
    });
    expect(judge(altered(audit, schema, () => []))).toBe(1);
    expect(judge(altered(audit, schema, (record) => [{ ...record, value: Buffer.from("{}") }]))).toBe(1);
    const late = altered(audit, schema, (record) => [{ ...record, offset: 1_000 }]);
    expect(judge(late, true)).toBe(1);
    expect(judge(altered(audit, schema - 1, () => []))).toBe(1);
    expect(judge(altered(audit, schema - 1, (record) => [{ ...record, value: Buffer.from("{}") }]))).toBe(1);
  });
});

describe("judgeDeadLetters", () => {
  const poison = { partition: 0, offset: 99, timestampMs: 1, value: Buffer.from("junk"), headers: new Map() };
  const poisoned = [...events, { ...poison, key: Buffer.from("a") }];
  const withPoison = readEvents(poisoned, schemas, PARTITIONS);
  const letter: TopicRecord = {
    ...poison,
    key: Buffer.from("t.events/0/99"),
    headers: new Map([["reason", Buffer.from("not framed")]]),
  };
  const judge = (letters: TopicRecord[]): number =>
    wrongCount(judgeDeadLetters(poisoned, withPoison, letters));

  it("wants a letter with the raw bytes and a reason for each record that is no event", () => {
    expect(withPoison.unreadable).toEqual([{ source: { partition: 0, offset: 99 }, reason: "not framed" }]);
    expect(judge([letter])).toBe(0);
    expect(judge([letter, letter])).toBe(0);
    expect(judge([])).toBe(1);
    expect(judge([{ ...letter, value: Buffer.from("jun") }])).toBe(1);
    expect(judge([{ ...letter, headers: new Map() }])).toBe(1);
  });

  it("reports a letter for a record that is an event", () => {
    const { partition, offset } = events[0] as TopicRecord;
    expect(judge([letter, { ...letter, key: Buffer.from(`t.events/${partition}/${offset}`) }])).toBe(1);
  });
});

describe("judgeStates", () => {
  const names = { fleet: "t", eventsTopic: "t.events" };
  const judge = (states: ReturnType<typeof redisStates>): number => {
    return wrongCount(judgeStates(timelines, { states }, names));
  };

  it("finds faultless states right, whichever of the winner's records is named", () => {
    expect(judgeStates(timelines, { states: redisStates(timelines) }, names).checked).toBe(3);
    const states = redisStates(timelines);
    const hash = [...states].find(([key]) => key.endsWith(":user:a"))?.[1] as Record<string, string>;
    const [, partition] = hash["source"]?.split("/") ?? [];
    const named = (index: number): string =>
      `t.events/${partition}/${timelines.get("a")?.arrivals[index]?.arrival.source?.offset}`;
    expect(judge(states)).toBe(0);
    hash["source"] = named(3);
    expect(judge(states)).toBe(0);
    hash["source"] = named(0);
    expect(judge(states)).toBe(1);
  });

  it.each(["order", "time_stamp", "sts", "attributes", "source"])(
    "reports an altered or missing %s",
    (field) => {
      const changed = redisStates(timelines);
      const hash = changed.values().next().value as Record<string, string>;
      hash[field] = `${hash[field]?.slice(0, -1)}~`;
      expect(judge(changed)).toBe(1);
      delete hash[field];
      expect(judge(changed)).toBe(1);
    },
  );

  it("reports a state that is missing, stands under another key, or is nobody's", () => {
    const states = redisStates(timelines);
    const [key, hash] = states.entries().next().value as [string, Record<string, string>];
    states.delete(key);
    expect(judge(states)).toBe(1);
    states.set(key.replace(/\{\d+\}/, "{999}"), hash);
    expect(judge(states)).toBe(2);
  });
});

describe("judgeAnswers", () => {
  const judge = async (spoil?: Spoil, judged = timelines): Promise<AnswersJudgement> => {
    const service = await serveAnswers(timelines, spoil);
    try {
      return await judgeAnswers(judged, { baseUrl: service.baseUrl, questions: 300, pageItems: 2 });
    } finally {
      service.close();
    }
  };

  it("finds faultless answers right, over several pages, for ids that a path cannot carry too", async () => {
    const { history, latest, asOf } = await judge();
    expect([history, latest, asOf].map((judgement) => printJudgement(judgement))).toEqual([
      "6 of 6 right",
      "3 of 3 right",
      "300 of 300 right",
    ]);
  });

  it("needs no offsets: timelines of the file alone do", async () => {
    const ofFile = foldAll(arrivals, USUAL_FUTURE_SKEW);
    const { history, latest, asOf } = await judge(undefined, ofFile);
    expect([history, latest, asOf].map(wrongCount)).toEqual([0, 0, 0]);
  });

  it("reports a wrong verdict, flag, order or missing item of a history", async () => {
    const spoils: Spoil[] = [
      (_path, body) => ({ ...body, verdict: body.verdict === "stale" ? "applied" : body.verdict }),
      (_path, body) => ({ ...body, clamped: false }),
      (_path, body) => ({ ...body, repeated: false }),
      (path, body) => (path === "history" && body.verdict === "stale" ? undefined : body),
      (path, body) => (path === "history" ? { ...body, source: { partition: 0, offset: 5 } } : body),
    ];
    for (const spoil of spoils) expect(wrongCount((await judge(spoil)).history)).toBeGreaterThan(0);
  });

  it("reports a wrong latest and a wrong answer as of a moment", async () => {
    for (const path of ["latest", "as-of"]) {
      const late: Spoil = (which, body) =>
        which === path ? { ...body, sts: "2024-01-01T00:00:12.000000Z" } : body;
      const none: Spoil = (which, body) => (which === path ? undefined : body);
      for (const spoil of [late, none]) {
        const { latest, asOf } = await judge(spoil);
        expect(wrongCount(latest) > 0).toBe(path === "latest");
        expect(wrongCount(asOf) > 0).toBe(path === "as-of");
      }
    }
  });

  it("reports a latest that names a record of another event", async () => {
    const { latest } = await judge((path, body) => {
      return path === "latest" ? { ...body, source: { partition: 3, offset: 77 } } : body;
    });
    expect(wrongCount(latest)).toBe(3);
    expect(printJudgement(latest)).toMatch(/^0 of 3 right; first wrong: .* latest: expected \{/);
  });
});

describe("randomQuestions", () => {
  it("asks the same for the same seed, on both clocks, at the moments of change and a microsecond beside", () => {
    const { timelines: sample } = recomputeBytes(
      readFileSync(new URL("../../../../sample/fleet.csv", import.meta.url)),
    );
    const questions = randomQuestions(sample, 900, 5);
    expect(randomQuestions(sample, 900, 5)).toEqual(questions);
    expect(randomQuestions(sample, 900, 6)).not.toEqual(questions);
    const has = (at: boolean, knownAt: boolean): number => {
      return questions.filter(({ question }) => {
        return (question.at !== undefined) === at && (question.knownAt !== undefined) === knownAt;
      }).length;
    };
    expect([has(true, false), has(false, true), has(true, true)]).toEqual([300, 300, 300]);
    const distance = ({ timeline, question }: (typeof questions)[number], beside: bigint): boolean => {
      return timeline.arrivals.some(({ order }) => question.at === order[0] + beside);
    };
    for (const beside of [-1n, 0n, 1n]) {
      expect(questions.filter((question) => distance(question, beside)).length).toBeGreaterThan(50);
    }
  });
});
