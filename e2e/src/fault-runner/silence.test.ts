import { describe, expect, it } from "@jest/globals";
import { ANSWERS_GRACE_MS, complaintsAboutFailing, complaintsAboutSilence, failingTimes } from "./silence.js";

type Kind = "latest" | "as-of";
const asked = (kind: Kind, askedAtMs: number, status: number) => ({
  kind,
  askedAtMs,
  status,
  store: status === 0 ? "TimeoutError" : "redis",
});
const made = (fault: string, fromMs: number, tookSeconds: number, answersFailMs = 0) => ({
  fault,
  fromMs,
  tookSeconds,
  answersFailMs,
});

describe("a fault while which nobody got an answer", () => {
  const answers = [
    asked("latest", 3_000, 200),
    asked("as-of", 4_000, 200),
    asked("latest", 15_000, 200),
    asked("as-of", 15_000, 404),
    asked("as-of", 16_000, 503),
    asked("as-of", 19_001, 200),
  ];

  it("is complained about for each kind of question", () => {
    const struck = [made("first", 1_000, 4), made("second", 14_000, 5), made("third", 30_000, 1)];
    expect(complaintsAboutSilence(struck, answers)).toEqual([
      "second: no as-of question was answered with 200 while it lasted",
      "third: no latest question was answered with 200 while it lasted",
      "third: no as-of question was answered with 200 while it lasted",
    ]);
  });

  it("is given two seconds where it is over at once", () => {
    expect(complaintsAboutSilence([made("short", 2_500, 0.1)], answers)).toEqual([]);
  });
});

describe("a time in which every question of a kind failed", () => {
  it("lasts from the first that failed to the next that was answered, in the order of asking", () => {
    const answers = [
      asked("latest", 1_000, 200),
      asked("latest", 4_000, 404),
      asked("latest", 2_000, 503),
      asked("as-of", 2_500, 200),
      asked("latest", 3_000, 0),
      asked("as-of", 5_000, 0),
      asked("as-of", 6_000, 503),
    ];
    expect(failingTimes(answers)).toEqual([
      { kind: "latest", fromMs: 2_000, toMs: 4_000, saying: "503 from redis" },
      { kind: "as-of", fromMs: 5_000, toMs: 6_000, saying: "0 from TimeoutError" },
    ]);
  });

  it("is complained about beyond what the fault before it allows", () => {
    const struck = [made("first", 10_000, 5, 3_000), made("second", 20_000, 5)];
    const failing = (fromMs: number, lastedMs: number) =>
      ({ kind: "latest", fromMs, toMs: fromMs + lastedMs, saying: "503 from redis" }) as const;
    const within = [failing(10_000, 3_000 + ANSWERS_GRACE_MS), failing(21_000, ANSWERS_GRACE_MS)];
    expect(complaintsAboutFailing(struck, within)).toEqual([]);
    const beyond = [failing(5_000, 5_100), failing(10_000, 8_100), failing(21_000, 5_100)];
    expect(complaintsAboutFailing(struck, beyond)).toEqual([
      "before the first fault: every latest question failed for 5.1 s (503 from redis), of 5 s allowed",
      "first: every latest question failed for 8.1 s (503 from redis), of 8 s allowed",
      "second: every latest question failed for 5.1 s (503 from redis), of 5 s allowed",
    ]);
  });
});
