import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { AuditTopic } from "../faults/audit-topic.js";
import type { QueryService, TestFleet } from "../harness/test-fleet.js";
import { complaintsAbout, type FleetJudgement } from "../oracle/index.js";
import { ControlFleets, replaySample } from "./control-fleets.js";
import { expectWrong } from "./expect-wrong.js";
import type { BuildChange } from "./product-copy.js";

jest.setTimeout(400_000);

const USERS = 20;
const ROWS = 1_000;

/** As the view makes them, to compare, and as the workers do. */
const KEYS_BY_USER: readonly BuildChange[] = [
  {
    file: "shared/dist/avro/audit-entry.js",
    from: 'key.write(eventId, userBytes + PLACE_BYTES, EVENT_ID_BYTES, "hex");',
    to: "key.fill(0, userBytes);",
  },
  {
    file: "shared/dist/avro/audit-entry.js",
    from: "target[idAt + index] = bytes[from + index];",
    to: "target.fill(0, placeAt, placeAt + COORDINATES_BYTES);",
  },
];

/** An arrival that comes late counts as the newest to come, not as what it was among its user's arrivals. */
const FOLDS_IN_AUDIT_ORDER: BuildChange = {
  file: "query/dist/view/lmdb/lmdb-view-store.js",
  from: "if (offset <= tail.lastOffset)",
  to: "if (this.#pasts.has(tail.number, offset))",
};

describe("a view that is built from an audit after real compaction", () => {
  const fleets = new ControlFleets();

  afterEach(async () => fleets.close());

  /** The sample, once through the worker, half of it redelivered, and compacted. */
  const compactedFleet = async (...changes: readonly BuildChange[]): Promise<TestFleet> => {
    const fleet = await fleets.create({ prefix: "compacted", changes });
    const worker = await fleet.startWorker();
    await replaySample(fleet, { users: USERS, rows: ROWS, seed: 5 });
    await fleet.caughtUp();
    await worker.stop();
    const audit = new AuditTopic(fleet.name);
    try {
      await audit.redeliverFirstHalf();
      const doubles = await audit.compact();
      expect(doubles.size).toBe(4);
      expect(Math.min(...doubles.values())).toBeGreaterThan(10);
    } finally {
      await audit.close();
    }
    return fleet;
  };

  const judge = async (fleet: TestFleet, query: QueryService): Promise<FleetJudgement> => {
    const answers = { baseUrl: query.baseUrl, questions: 500 };
    return fleet.judge({ doublesAllowed: false, answers });
  };

  it("is right, and is caught where it folds verdicts in the audit's order", async () => {
    const fleet = await compactedFleet();
    expect(complaintsAbout(await judge(fleet, await fleet.startQuery("view")))).toEqual([]);

    const { bin } = await fleets.copyWith(FOLDS_IN_AUDIT_ORDER);
    const judgement = await judge(fleet, await fleet.startQuery("view-in-audit-order", {}, bin));
    const verdict = (said: string): unknown => expect.objectContaining({ verdict: said });
    expectWrong(judgement, {
      history: { where: "history of", expected: verdict("applied"), actual: verdict("stale") },
    });
    // The arrivals are all there: it is the folding that is wrong.
    expect(judgement.audit.wrong).toEqual([]);
    expect(judgement.answers?.history.checked).toBe(ROWS);
  });

  it("is caught where the audit's keys are the users alone", async () => {
    const fleet = await compactedFleet(...KEYS_BY_USER);
    const judgement = await judge(fleet, await fleet.startQuery());
    const something: unknown = expect.anything();
    expectWrong(judgement, {
      history: { where: "history of", expected: something, actual: undefined },
    });
    // Compaction has left one arrival of each user, so nearly all of the past is gone.
    expect(judgement.audit.checked - judgement.audit.right).toBeGreaterThanOrEqual(ROWS - USERS);
    expect(judgement.answers?.history.right).toBeLessThanOrEqual(USERS);
  });
});
