import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, describe, expect, it, jest } from "@jest/globals";
import { complaintsAbout, type FleetJudgement } from "../oracle/index.js";
import { ASKS_ABOUT_ALL } from "./asks-about-all.js";
import { ControlFleets } from "./control-fleets.js";
import { expectWrong } from "./expect-wrong.js";
import type { BuildChange } from "./product-copy.js";

jest.setTimeout(300_000);

/** Each record reaches Redis by itself, so that Redis and not the worker decides which one is newer. */
const SINGLE = { LASTKNOWN_WORKER_BATCH_RECORDS_MAX: "1" };

/** As if a state without attributes were not worth its place. */
const DELETES_INSTEAD_OF_KEEPING: BuildChange = {
  file: "consumer/dist/states/redis/state-scripts.js",
  from: "written = written + 1",
  to: "if ARGV[at + 3] == '{}' then redis.call('DEL', KEYS[user]) end written = written + 1",
};
/** As if whoever came before were newer. */
const TAKES_ALL_FOR_OLDER: BuildChange = {
  ...ASKS_ABOUT_ALL,
  to: "return known !== undefined;",
};
const USERS = 20;

describe("a user whose newest event has no attributes, with an older event that comes late", () => {
  const fleets = new ControlFleets();

  afterEach(async () => fleets.close());

  const judge = async (...changes: readonly BuildChange[]): Promise<FleetJudgement> => {
    const fleet = await fleets.create({ prefix: "kept", environment: SINGLE, changes });
    await fleet.startWorker();
    await fleet.replay(await fileWithLateRows(fleet.folder));
    await fleet.caughtUp();
    return fleet.judge({ doublesAllowed: true });
  };

  it("keeps the state that it has", async () => {
    expect(complaintsAbout(await judge())).toEqual([]);
  });

  it("is caught going back where Redis deletes the state, and its order with it", async () => {
    const attributes = (text: string): unknown => expect.objectContaining({ attributes: text });
    expectWrong(await judge(ASKS_ABOUT_ALL, DELETES_INSTEAD_OF_KEEPING), {
      states: { where: "user:kept-", expected: attributes("{}"), actual: attributes('{"speed":30}') },
    });
  });

  it("is caught standing still where a worker takes for older whom it has seen", async () => {
    const attributes = (text: string): unknown => expect.objectContaining({ attributes: text });
    expectWrong(await judge(TAKES_ALL_FOR_OLDER), {
      states: { where: "user:kept-", expected: attributes("{}"), actual: attributes('{"speed":10}') },
    });
  });
});

async function fileWithLateRows(folder: string): Promise<string> {
  const lines = ["user_id,time_stamp,sts,speed"];
  for (let user = 0; user < USERS; user++) {
    const minute = `2024-03-10T12:${String(user).padStart(2, "0")}`;
    lines.push(`kept-${user},${minute}:00Z,${minute}:10Z,10`);
    lines.push(`kept-${user},${minute}:40Z,${minute}:45Z,`);
    lines.push(`kept-${user},${minute}:20Z,${minute}:50Z,30`);
  }
  const path = join(folder, "late-rows.csv");
  await writeFile(path, `${lines.join("\n")}\n`);
  return path;
}
