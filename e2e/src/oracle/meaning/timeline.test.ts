import { describe, expect, it } from "@jest/globals";
import type { Arrival } from "../event/arrival.js";
import { compareOrders, orderOf, redisOrder } from "./order.js";
import { answer, foldTimeline, type JudgedArrival } from "./timeline.js";

const SECOND = 1_000_000n;
const SKEW = 300n * SECOND;

/** An arrival named by a letter; times in seconds. */
function arrival(name: string, timeStamp: number, sts: number): Arrival {
  const eventId = name.charCodeAt(0).toString(16).padStart(32, "0");
  const [time, received] = [BigInt(timeStamp) * SECOND, BigInt(sts) * SECOND];
  return { user: "u", timeStamp: time, sts: received, eventId, attributes: "{}" };
}

const facts = (judged: readonly JudgedArrival[]): string[] => {
  return judged.map(({ verdict, clamped, repeated }) => {
    return `${verdict}${clamped ? " clamped" : ""}${repeated ? " repeated" : ""}`;
  });
};

const nameOf = (judged: JudgedArrival | undefined): string | undefined => {
  return judged && String.fromCharCode(Number(BigInt(`0x${judged.arrival.eventId}`)));
};

describe("foldTimeline", () => {
  it("calls a late row stale and a newer one applied", () => {
    const timeline = foldTimeline(
      "u",
      [arrival("A", 10, 10), arrival("B", 5, 11), arrival("C", 11, 12)],
      SKEW,
    );
    expect(facts(timeline.arrivals)).toEqual(["applied", "stale", "applied"]);
    expect(nameOf(timeline.state)).toBe("C");
  });

  it("applies A twice in A, B, A again, if the second A is newer than B by its clamped time", () => {
    // A's clock is ahead: believed up to sts + 300. B beats the first A, the second A beats B.
    const arrivals = [arrival("A", 9000, 1000), arrival("B", 1400, 1400), arrival("A", 9000, 2000)];
    const timeline = foldTimeline("u", arrivals, SKEW);
    expect(facts(timeline.arrivals)).toEqual(["applied clamped", "applied", "applied clamped repeated"]);
    expect(timeline.state.order[0]).toBe(2300n * SECOND);
  });

  it("calls A, B, A a duplicate where the second A is no newer than B", () => {
    const timeline = foldTimeline(
      "u",
      [arrival("A", 10, 10), arrival("B", 20, 20), arrival("A", 10, 30)],
      SKEW,
    );
    expect(facts(timeline.arrivals)).toEqual(["applied", "applied", "duplicate repeated"]);
    expect(nameOf(timeline.state)).toBe("B");
  });

  it("moves the state's sts on when its own event comes again later", () => {
    const timeline = foldTimeline("u", [arrival("A", 10, 10), arrival("A", 10, 30)], SKEW);
    expect(facts(timeline.arrivals)).toEqual(["applied", "duplicate repeated"]);
    expect(timeline.state.arrival.sts).toBe(30n * SECOND);
  });

  it("leaves the state alone when its own event comes again with an earlier sts, or exactly again", () => {
    const arrivals = [arrival("A", 10, 30), arrival("A", 10, 20), arrival("A", 10, 30)];
    const timeline = foldTimeline("u", arrivals, SKEW);
    expect(facts(timeline.arrivals)).toEqual(["applied", "duplicate repeated", "duplicate repeated"]);
    expect(timeline.state).toBe(timeline.arrivals[0]);
  });

  it("lets the later sts win a tie of times, then the greater time_stamp, then the greater id", () => {
    const tieOfTimes = foldTimeline("u", [arrival("B", 10, 11), arrival("A", 10, 12)], SKEW);
    expect(nameOf(tieOfTimes.state)).toBe("A");
    // Both clamped to 310 at one sts: the greater time_stamp wins.
    const tieOfSts = foldTimeline("u", [arrival("A", 5000, 10), arrival("B", 4000, 10)], SKEW);
    expect(nameOf(tieOfSts.state)).toBe("A");
    expect(facts(tieOfSts.arrivals)).toEqual(["applied clamped", "stale clamped"]);
    const tieOfAll = foldTimeline("u", [arrival("A", 10, 10), arrival("B", 10, 10)], SKEW);
    expect(facts(tieOfAll.arrivals)).toEqual(["applied", "applied"]);
  });

  it("lets the greater attributes win where all else ties, by their bytes, and keeps the verdicts", () => {
    const tied = (...attributes: string[]): Arrival[] =>
      attributes.map((text) => ({ ...arrival("A", 10, 10), attributes: text }));
    const winnerOf = (arrivals: Arrival[]): number => {
      const { arrivals: judged, state } = foldTimeline("u", arrivals, SKEW);
      expect(facts(judged)).toEqual(["applied", ...judged.slice(1).map(() => "duplicate repeated")]);
      expect(answer({ user: "u", arrivals: judged, state }, { at: 10n * SECOND })).toBe(state);
      return judged.indexOf(state);
    };
    expect(winnerOf(tied('{"g":"north"}', '{"g":"south"}', '{"g":"east"}'))).toBe(1);
    expect(winnerOf(tied('{"g":"south"}', '{"g":"north"}', '{"g":"south"}'))).toBe(0);
    // U+FF5E against U+1F600: as UTF-16 units the first would be the greater one.
    expect(winnerOf(tied('{"g":"\uff5e"}', '{"g":"\u{1f600}"}'))).toBe(1);
    expect(winnerOf(tied('{"g":"\u{1f600}"}', '{"g":"\uff5e"}'))).toBe(0);
    expect(winnerOf(tied('{"g":"\u{1f600}"}', '{"g":"\u{1f601}"}'))).toBe(1);
    expect(winnerOf(tied('{"g":1}', "{}"))).toBe(1);
    expect(winnerOf(tied('{"g":1', '{"g":1}'))).toBe(1);
    expect(winnerOf(tied('{"g":1}', '{"g":1'))).toBe(0);
  });

  it("clamps past the skew only, and never where it is off", () => {
    const arrivals = [arrival("A", 310, 10), arrival("B", 311, 10)];
    expect(facts(foldTimeline("u", arrivals, SKEW).arrivals)).toEqual(["applied", "applied clamped"]);
    expect(facts(foldTimeline("u", arrivals, "off").arrivals)).toEqual(["applied", "applied"]);
  });

  it("keeps a clock at 1970 behind everything that is right", () => {
    const arrivals = [arrival("A", 86_400, 1_700_000_000), arrival("B", 1_600_000_000, 1_700_000_001)];
    arrivals.push(arrival("C", 86_500, 1_700_000_002));
    expect(facts(foldTimeline("u", arrivals, SKEW).arrivals)).toEqual(["applied", "applied", "stale"]);
  });
});

describe("answer", () => {
  // Received A (10), then B (30), then late C (20).
  const timeline = foldTimeline(
    "u",
    [arrival("A", 10, 100), arrival("B", 30, 101), arrival("C", 20, 102)],
    SKEW,
  );
  const ask = (at: bigint | undefined, knownAt: bigint | undefined): string | undefined => {
    const question = { ...(at === undefined ? {} : { at }), ...(knownAt === undefined ? {} : { knownAt }) };
    return nameOf(answer(timeline, question));
  };

  it("tells what was true at a moment, by all that is known now", () => {
    expect(ask(9_999_999n, undefined)).toBeUndefined();
    expect(ask(10n * SECOND, undefined)).toBe("A");
    expect(ask(19_999_999n, undefined)).toBe("A");
    expect(ask(20n * SECOND, undefined)).toBe("C");
    expect(ask(29_999_999n, undefined)).toBe("C");
    expect(ask(30n * SECOND, undefined)).toBe("B");
  });

  it("tells the newest of what was received by a moment", () => {
    expect(ask(undefined, 99_999_999n)).toBeUndefined();
    expect(ask(undefined, 100n * SECOND)).toBe("A");
    expect(ask(undefined, 101n * SECOND)).toBe("B");
    expect(ask(undefined, 102n * SECOND)).toBe("B");
  });

  it("tells what was known by one moment about another", () => {
    expect(ask(25n * SECOND, 101n * SECOND)).toBe("A");
    expect(ask(25n * SECOND, 102n * SECOND)).toBe("C");
    expect(ask(undefined, undefined)).toBe("B");
  });

  it("asks after the believed time of a clock that is ahead", () => {
    const ahead = foldTimeline("u", [arrival("A", 9000, 100)], SKEW);
    expect(answer(ahead, { at: 399n * SECOND })).toBeUndefined();
    expect(answer(ahead, { at: 400n * SECOND })).toBeDefined();
  });
});

describe("redisOrder", () => {
  it("is each time plus 2^52 as 14 hex digits, then the event id", () => {
    const order = orderOf(arrival("A", 0, 0), SKEW);
    expect(redisOrder(order)).toBe(`${"10000000000000".repeat(3)}${"0".repeat(30)}41`);
    const before1970 = orderOf({ ...arrival("A", 0, 0), timeStamp: -1n }, SKEW);
    expect(redisOrder(before1970)).toBe(`0fffffffffffff1000000000000${"0"}0fffffffffffff${"0".repeat(30)}41`);
    expect(redisOrder(before1970) < redisOrder(order)).toBe(compareOrders(before1970, order) < 0);
  });
});
