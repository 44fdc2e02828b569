import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { outputOf } from "./harness/command-output.js";
import { type QueryService, requiredEnvironment, TestFleet } from "./harness/test-fleet.js";
import { complaintsAbout, readTopic, recomputeBytes, schemaIdsOf, type Arrival } from "./oracle/index.js";

jest.setTimeout(180_000);

const USERS = 40;

/** Files of one fleet as they come over the months; each is replayed on its own. */
const FILES = [
  // `cargo` has no values yet, so it has no type.
  { name: "first", header: "user_id,time_stamp,sts,speed,cargo", cells: (n: number) => `${n % 7},` },
  // It gets values, and a column with a name that Avro refuses is added.
  {
    name: "wider",
    header: "user_id,time_stamp,sts,speed,cargo,battery (%)",
    cells: (n: number) => `${n % 7}.5,${n % 3 === 0 ? "" : `box ${n}`},${n % 2 === 0 ? "" : n}`,
  },
  // A sender that was not updated: its rows have the columns of before.
  { name: "again narrow", header: "user_id,time_stamp,sts,speed", cells: (n: number) => `${n % 5}` },
];

describe("versions of the schema, side by side in one topic", () => {
  let fleet: TestFleet | undefined;
  let query: QueryService | undefined;
  const expected: Arrival[] = [];

  beforeAll(async () => {
    fleet = await TestFleet.create({ prefix: "schema-versions" });
    await fleet.startWorker();
    query = await fleet.startQuery();
    for (const [turn, { name, header, cells }] of FILES.entries()) {
      const path = join(fleet.folder, `${name}.csv`);
      const content = Buffer.from([header, ...rowsOf(turn, cells)].join("\n"));
      await writeFile(path, content);
      expected.push(...recomputeBytes(content).arrivals);
      await fleet.replay(path);
    }
    await fleet.caughtUp(query);
  });

  afterAll(async () => fleet?.close());

  it("are all in the topic, and every state, entry, verdict and answer is right over them", async () => {
    if (fleet === undefined || query === undefined) throw new Error("the fleet did not start");
    const brokers = requiredEnvironment("LASTKNOWN_KAFKA_BROKERS");
    const records = await readTopic({ brokers, topic: `${fleet.name}.events` });
    expect(schemaIdsOf(records).size).toBeGreaterThanOrEqual(2);
    const judgement = await fleet.judge({
      expected,
      doublesAllowed: false,
      answers: { baseUrl: query.baseUrl, questions: 500 },
    });
    expect(complaintsAbout(judgement)).toEqual([]);
    const attributes = new Set(expected.flatMap((arrival) => Object.keys(attributesOf(arrival))));
    expect([...attributes].toSorted()).toEqual(["battery (%)", "cargo", "speed"]);
  });

  it("refuse a column that has changed its type, in one line with the fix, and take none of its rows", async () => {
    if (fleet === undefined) throw new Error("the fleet did not start");
    const { exitCode, messages } = await outputOf(["replay", "-", "--speed", "max", "--progress", "none"], {
      environment: { LASTKNOWN_FLEET: fleet.name, LASTKNOWN_PARTITIONS: "4" },
      input: "user_id,time_stamp,sts,speed\nu1,2024-05-01T00:00:00Z,2024-05-01T00:00:01Z,fast\n",
    });
    expect({ exitCode, lines: messages.trim().split("\n").length }).toEqual({ exitCode: 2, lines: 1 });
    expect(messages).toMatch(/speed.*double.*string|speed.*string.*double/);
    const lag = await fleet.untilLag(({ partitions }) => partitions.length === 4);
    const records = lag.partitions.reduce((sum, { committed }) => sum + (committed ?? 0), 0);
    expect({ lag: lag.lag, records }).toEqual({ lag: 0, records: expected.length });
  });
});

/** Rows of one file: every user thrice, half of the files' times overlap, and every fifth is late. */
function rowsOf(turn: number, cells: (n: number) => string): string[] {
  const rows: string[] = [];
  for (let n = 0; n < USERS * 3; n++) {
    const received = Date.UTC(2024, 3, 1) + turn * 60_000 + n * 1_000;
    const happened = received - (n % 5 === 0 ? 90_000 : 500);
    rows.push(
      `u${n % USERS},${new Date(happened).toISOString()},${new Date(received).toISOString()},${cells(n)}`,
    );
  }
  return rows;
}

function attributesOf({ attributes }: Arrival): Record<string, unknown> {
  return JSON.parse(attributes) as Record<string, unknown>;
}
