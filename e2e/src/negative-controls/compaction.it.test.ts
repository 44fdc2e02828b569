import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { AuditTopic } from "../faults/audit-topic.js";
import { sampleFile } from "../faults/sample-file.js";
import { TestFleet, type QueryService } from "../harness/test-fleet.js";
import { complaintsAbout, type FleetJudgement } from "../oracle/index.js";
import { expectWrong } from "./expect-wrong.js";
import { ProductCopy, type BuildChange } from "./product-copy.js";

jest.setTimeout(400_000);

const USERS = 20;
const ROWS = 1_000;

const KEYS_BY_USER: BuildChange = {
  file: "shared/dist/avro/audit-entry.js",
  from: "    return key;",
  to: "    key.fill(0, userBytes); return key;",
};

/** An arrival that comes late counts as the newest to come, not as what it was among its user's arrivals. */
const FOLDS_IN_AUDIT_ORDER: BuildChange = {
  file: "query/dist/view/lmdb/lmdb-view-store.js",
  from: "if (tail !== undefined && offset <= tail.lastOffset)",
  to: "if (tail !== undefined && this.#arrivals.get(keys.arrivalKey(tail.number, offset)) !== undefined)",
};

describe("a view that is built from an audit after real compaction", () => {
  const copies: ProductCopy[] = [];
  const fleets: TestFleet[] = [];

  afterEach(async () => {
    await Promise.all(fleets.splice(0).map((fleet) => fleet.close()));
    await Promise.all(copies.splice(0).map((copy) => copy.remove()));
  });

  const copyWith = async (change?: BuildChange): Promise<ProductCopy> => {
    const copy = await ProductCopy.make();
    copies.push(copy);
    if (change !== undefined) await copy.change(change);
    return copy;
  };

  /** The sample, once through the worker, half of it redelivered, and compacted. */
  const compactedFleet = async (copy: ProductCopy): Promise<TestFleet> => {
    const fleet = await TestFleet.create({ prefix: "compacted", bin: copy.bin });
    fleets.push(fleet);
    const worker = await fleet.startWorker();
    await fleet.replay(await sampleFile(fleet.folder, { users: USERS, rows: ROWS, seed: 5 }));
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
    const fleet = await compactedFleet(await copyWith());
    expect(complaintsAbout(await judge(fleet, await fleet.startQuery("view")))).toEqual([]);

    const { bin } = await copyWith(FOLDS_IN_AUDIT_ORDER);
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
    const fleet = await compactedFleet(await copyWith(KEYS_BY_USER));
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
