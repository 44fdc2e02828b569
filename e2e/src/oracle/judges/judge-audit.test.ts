import { describe, expect, it } from "@jest/globals";
import type { TopicRecord } from "../servers/topic-record.js";
import { SCHEMA_ID } from "./fleet-for-test.js";
import { judgeAudit } from "./judge-audit.js";
import { altered, audit, events, flipped, read, schemas, wrongCount } from "./spoiled-fleet-for-test.js";

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
