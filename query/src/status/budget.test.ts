import { expect, test } from "@jest/globals";
import { budgetStatus, type BudgetFigures } from "./budget.js";

const DELAYS = { count: 100, p50Seconds: 0.1, p95Seconds: 0.2, p99Seconds: 0.3, maxSeconds: 9 };
const NO_DELAYS = { count: 0, p50Seconds: null, p95Seconds: null, p99Seconds: null, maxSeconds: null };
const WELL: BudgetFigures = {
  delays: DELAYS,
  viewLag: 0.4,
  viewLagRecords: 9,
  commitLagSeconds: 0.5,
  lookedSecondsAgo: 0.3,
};

test("the budget is kept while all is fresh, also where nothing came", () => {
  expect(budgetStatus(WELL)).toEqual({ seconds: 2, state: "kept", reasons: [] });
  expect(budgetStatus({ ...WELL, delays: NO_DELAYS, viewLag: 0, commitLagSeconds: 0 }).state).toBe("kept");
  expect(budgetStatus({ ...WELL, viewLag: 2, commitLagSeconds: 4 }).state).toBe("kept");
});

test.each<[string, Partial<BudgetFigures>, string]>([
  ["arrivals come late", { delays: { ...DELAYS, p99Seconds: 2.1 } }, "came into the view 2.1 s after"],
  ["the view lacks what is old", { viewLag: 2.1 }, "not in the view has waited for 2.1 s"],
  [
    "no worker does what is old",
    { viewLag: 2.1, viewLagRecords: 0 },
    "waited for 2.1 s, as no worker has done it yet",
  ],
  ["the workers stand still", { commitLagSeconds: 300 }, "not committed has waited for 5 min"],
])("the budget is broken where %s, and it says so", (_what, figures, text) => {
  const { state, reasons } = budgetStatus({ ...WELL, ...figures });
  expect(state).toBe("broken");
  expect(reasons).toEqual([expect.stringContaining(text)]);
});

test("nobody can tell while it is not known how far view or workers are behind, unless it is broken anyway", () => {
  expect(budgetStatus({ ...WELL, viewLag: "unknown" })).toMatchObject({ state: "unknown" });
  expect(budgetStatus({ ...WELL, commitLagSeconds: undefined })).toMatchObject({ state: "unknown" });
  expect(budgetStatus({ ...WELL, viewLag: "unknown", commitLagSeconds: 60 }).state).toBe("broken");
});

test("nobody can tell from what was seen so long ago that what came since may wait for too long", () => {
  expect(budgetStatus({ ...WELL, lookedSecondsAgo: 2 }).state).toBe("kept");
  expect(budgetStatus({ ...WELL, lookedSecondsAgo: 2.1 })).toMatchObject({
    state: "unknown",
    reasons: ["how far the view is behind cannot be known now"],
  });
  expect(budgetStatus({ ...WELL, lookedSecondsAgo: 4.1 }).reasons).toHaveLength(2);
  expect(budgetStatus({ ...WELL, lookedSecondsAgo: undefined }).reasons).toHaveLength(2);
  expect(budgetStatus({ ...WELL, lookedSecondsAgo: 4.1, commitLagSeconds: 60 }).state).toBe("broken");
});
