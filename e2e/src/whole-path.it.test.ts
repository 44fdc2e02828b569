import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { fileURLToPath } from "node:url";
import { KafkaTools } from "./harness/kafka-tools.js";
import { type QueryService, requiredEnvironment, TestFleet } from "./harness/test-fleet.js";
import { printJudgement, recompute } from "./oracle/index.js";

jest.setTimeout(180_000);

const sample = fileURLToPath(new URL("../../sample/fleet.csv", import.meta.url));

describe("the whole path, from a file to the answers", () => {
  let fleet: TestFleet | undefined;
  let query: QueryService | undefined;

  beforeAll(async () => {
    fleet = await TestFleet.create({ prefix: "whole-path" });
    await fleet.startWorker();
    await fleet.startWorker();
    query = await fleet.startQuery();
  });

  afterAll(async () => fleet?.close());

  it("is right for every row, entry, state, verdict and answer of the sample", async () => {
    if (fleet === undefined || query === undefined) throw new Error("the fleet did not start");
    const { arrivals, timelines } = recompute(sample);
    await fleet.replay(sample);
    await fleet.caughtUp(query);
    const { events, audit, deadLetters, states, answers } = await fleet.judge({
      expected: arrivals,
      doublesAllowed: false,
      answers: { baseUrl: query.baseUrl, questions: 2_000 },
    });
    const said = [events, deadLetters, states, answers?.history, answers?.latest, answers?.asOf].map(
      (judgement) => judgement && printJudgement(judgement),
    );
    const users = `${timelines.size} of ${timelines.size} right`;
    expect(said).toEqual([
      "2,000 of 2,000 right",
      "0 of 0 right",
      users,
      "2,000 of 2,000 right",
      users,
      "2,000 of 2,000 right",
    ]);
    // The copies of the schema and of the fleet record are judged beside the 2,000 entries.
    expect(audit).toEqual({ checked: audit.checked, right: audit.checked, wrong: [] });
    expect(audit.checked).toBeGreaterThan(2_000);
  });

  it("K17: has one group, the workers'; the view reads all partitions without any", async () => {
    const kafka = new KafkaTools(requiredEnvironment("LASTKNOWN_KAFKA_BROKERS"));
    expect(query?.process.running).toBe(true);
    expect(await kafka.groups(`${fleet?.name}`)).toEqual([`${fleet?.name}.worker`]);
  });
});
