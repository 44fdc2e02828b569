import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { FatalError, silentLogger, type Logger } from "@lastknown/shared";
import { DirectoryLock, LOCK_FILE } from "./directory-lock.js";

/** A busy machine takes its time. */
jest.setTimeout(30_000);

describe("a data directory", () => {
  let directory: string;
  let warnings: string[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "lastknown-lock-"));
    warnings = [];
  });

  afterEach(() => rm(directory, { recursive: true }));

  const take = (path = directory): Promise<DirectoryLock> => {
    const logger: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) };
    return DirectoryLock.take(path, logger);
  };
  const lockFile = (): string => join(directory, LOCK_FILE);
  const refusal = async (): Promise<FatalError> => {
    const refused = await take().catch((error: unknown) => error);
    if (refused instanceof FatalError) return refused;
    throw new Error("it was not refused");
  };

  test("that another has is refused: by whom, and what to do", async () => {
    const first = await take();
    const { message, fix, exitCode } = await refusal();
    expect(message).toBe(`another query service (pid ${process.pid}) uses the data directory ${directory}`);
    expect(fix).toBe("stop that one, or give this one another --data-directory");
    expect(exitCode).toBe(2);
    await first.release();
    await (await take()).release();
    expect(warnings).toEqual([]);
  });

  test("that many want at once is given to exactly one", async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => take()));
    const locks = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
    expect(locks).toHaveLength(1);
    await locks[0]?.release();
  });

  test("is free at once when its holder was killed, though its pid stands there and another has got it", async () => {
    const script =
      'exec 3>>"$1"; flock -n 3; echo "{\\"pid\\":$$,\\"host\\":\\"$2\\"}" >>"$1"; echo up; read -r _';
    const holder = spawn("sh", ["-c", script, "sh", lockFile(), hostname()], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    expect((await refusal()).message).toContain(`(pid ${holder.pid})`);
    holder.kill("SIGKILL");
    await once(holder, "close");
    await (await take()).release();

    await writeFile(lockFile(), `${JSON.stringify({ pid: process.ppid, host: hostname() })}\n`);
    const lock = await take();
    expect(await readFile(lockFile(), "utf8")).toContain(`"pid":${process.pid},`);
    await lock.release();
  });

  test("whose holder runs on another machine is told with that, and one without a name without", async () => {
    const holder = await take();
    await writeFile(lockFile(), '{"pid":7,"host":"another-machine"}\n');
    expect((await refusal()).message).toContain("(pid 7 on another-machine)");
    await writeFile(lockFile(), "not ours");
    expect((await refusal()).message).toContain("(its pid is not known)");
    await holder.release();
  });

  test("that cannot be written is told with the fix", async () => {
    await writeFile(join(directory, "a-file"), "");
    const taking = take(join(directory, "a-file"));
    await expect(taking).rejects.toMatchObject({
      exitCode: 2,
      fix: expect.stringContaining("LASTKNOWN_DATA_DIRECTORY"),
    });
  });
});
