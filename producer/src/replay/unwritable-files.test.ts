import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { exitCodes, MemoryLog, MemorySchemaRegistry, silentLogger } from "@lastknown/shared";
import { CheckpointKeeper } from "../checkpoint/checkpoint-keeper.js";
import { Checkpoint } from "../checkpoint/checkpoint.js";
import { RejectsFile } from "../report/rejects-file.js";
import { systemClock } from "../schedule/clock.js";
import { runReplay } from "./replay.js";

const TOPIC = "t.events";

describe("a file that a replay would write and cannot", () => {
  let directory: string;
  let log: MemoryLog;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "unwritable-"));
    log = new MemoryLog({ topics: { [TOPIC]: 1 } });
    writeFileSync(join(directory, "rows.csv"), "user,ts\nu,1\n");
    mkdirSync(join(directory, "folder"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const target = () => {
    const registry = new MemorySchemaRegistry();
    return { appender: log, registry, topic: TOPIC, subject: "t.events-value", partitions: 1 };
  };

  it.each([
    ["checkpoint", "no-folder/c"],
    ["checkpoint", "rows.csv/c"],
    ["checkpoint", "folder"],
    ["rejects", "no-folder/r"],
    ["rejects", "rows.csv/r"],
    ["rejects", "folder"],
  ] as const)("as --%s %s is told with the fix before anything is sent", async (flag, path) => {
    const options = {
      file: join(directory, "rows.csv"),
      speed: "max",
      [flag]: join(directory, path),
    } as const;
    await expect(runReplay(options, { target: target(), logger: silentLogger })).rejects.toMatchObject({
      message: expect.stringContaining(`${join(directory, path)} cannot be written`),
      fix: expect.stringContaining(`--${flag}`),
      exitCode: exitCodes.usage,
    });
    expect((await log.ends(TOPIC)).get(0)?.end).toBe(0);
  });

  it("as a checkpoint leaves nothing beside it, and is not looked at in a dry run", async () => {
    const file = join(directory, "rows.csv");
    await runReplay({ file, checkpoint: join(directory, "c") }, { target: target(), logger: silentLogger });
    expect(readdirSync(directory).toSorted()).toEqual(["c", "folder", "rows.csv"]);
    const dry = { file, dryRun: true, checkpoint: join(directory, "no-folder/c") };
    expect((await runReplay(dry, { logger: silentLogger })).exitCode).toBe(exitCodes.done);
  });

  it("on its way any more fails, with the fix", async () => {
    const full = { message: expect.stringContaining("ENOSPC"), fix: expect.stringContaining("make room") };
    const rejects = new RejectsFile("/dev/full");
    rejects.write({ line: 1, reason: "no-user", detail: "", raw: Buffer.from("x") });
    expect(() => rejects.close()).toThrow(expect.objectContaining({ ...full, exitCode: exitCodes.failed }));

    const gone = new Checkpoint(join(directory, "gone/c"), { fileHash: "", options: {} });
    await expect(new CheckpointKeeper(gone, systemClock).finish()).rejects.toMatchObject({
      message: expect.stringContaining("gone/c cannot be written"),
      fix: expect.stringContaining("make room"),
      exitCode: exitCodes.failed,
    });
  });
});
