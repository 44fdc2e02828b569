import { describe, expect, it, jest } from "@jest/globals";
import { USUAL_FUTURE_SKEW } from "../meaning/order.js";
import type { Timeline } from "../meaning/timeline.js";
import { foldAll } from "../recompute.js";
import { serveAnswers, type Spoil } from "./fleet-for-test.js";
import { judgeAnswers, type AnswersJudgement } from "./judge-answers.js";
import { printJudgement } from "./judgement.js";
import { arrivals, timelines, wrongCount } from "./spoiled-fleet-for-test.js";

// Hundreds of requests, on a machine that may be busy with others.
jest.setTimeout(60_000);

describe("judgeAnswers", () => {
  const judge = async (spoil?: Spoil, judged = timelines): Promise<AnswersJudgement> => {
    const service = await serveAnswers(timelines, spoil);
    try {
      return await judgeAnswers(judged, { baseUrl: service.baseUrl, questions: 90, pageItems: 2 });
    } finally {
      service.close();
    }
  };

  it("finds faultless answers right, over several pages, for ids that a path cannot carry too", async () => {
    const { history, latest, asOf } = await judge();
    expect([history, latest, asOf].map((judgement) => printJudgement(judgement))).toEqual([
      "6 of 6 right",
      "3 of 3 right",
      "90 of 90 right",
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

  it("reports a user that is not known, with all arrivals", async () => {
    const known = timelines.get("a") as Timeline;
    const { history, latest } = await judge(
      undefined,
      new Map([...timelines, ["b", { ...known, user: "b" }]]),
    );
    expect([history, latest].map(wrongCount)).toEqual([known.arrivals.length, 1]);
    expect(history.wrong[0]).toMatchObject({ where: "history of b, item 0", actual: undefined });
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
