import { describe, expect, it } from "@jest/globals";
import { USUAL_FUTURE_SKEW } from "../meaning/order.js";
import { foldAll } from "../recompute.js";
import { redisStates } from "./fleet-for-test.js";
import { judgeStates } from "./judge-states.js";
import { timelines, wrongCount } from "./spoiled-fleet-for-test.js";

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

  it("takes no record of a lesser tie for the winner's, nor its attributes", () => {
    const source = (offset: number) => ({ source: { partition: 0, offset } });
    const tied = ["north", "south", "south"].map((gateway, offset) => {
      const [timeStamp, sts] = [10n, 20n];
      const attributes = `{"gateway":"${gateway}"}`;
      return { user: "a", timeStamp, sts, eventId: "0".repeat(32), attributes, ...source(offset) };
    });
    const ofTies = foldAll(tied, USUAL_FUTURE_SKEW);
    const wrongWith = (changed: Record<string, string>): number => {
      const states = redisStates(ofTies);
      for (const hash of states.values()) Object.assign(hash, changed);
      return wrongCount(judgeStates(ofTies, { states }, names));
    };
    expect(wrongWith({})).toBe(0);
    expect(wrongWith({ source: "t.events/0/2" })).toBe(0);
    expect(wrongWith({ source: "t.events/0/0" })).toBe(1);
    expect(wrongWith({ attributes: '{"gateway":"north"}' })).toBe(1);
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
