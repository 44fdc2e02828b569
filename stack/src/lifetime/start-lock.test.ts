import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "@jest/globals";
import { StartLock } from "./start-lock.js";

const FOLDERS = 100;
const PROGRAMS = 4;

const children: ChildProcess[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "lastknown-start-lock-"));
  folders.push(folder);
  return folder;
}

interface Taker {
  readonly child: ChildProcess;
  readonly lines: AsyncIterator<string>;
}

/** A program that says "ready", tries to take each lock after a line of input, says which it holds, and stays. */
function startTaker(directories: readonly string[]): Taker {
  const built = fileURLToPath(new URL("../../dist/lifetime/start-lock.js", import.meta.url));
  const code = `
    import { once } from "node:events";
    import { StartLock } from ${JSON.stringify(built)};
    console.log("ready");
    await once(process.stdin, "data");
    for (const directory of ${JSON.stringify(directories)}) {
      try {
        StartLock.take(directory);
        console.log(directory);
      } catch (error) {
        if (error.code !== "already-running") throw error;
      }
    }
    console.log("done");`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  children.push(child);
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

async function linesUntil(last: string, { lines }: Taker): Promise<string[]> {
  const before: string[] = [];
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`the program ended before it said ${last}`);
    if (value === last) return before;
    before.push(value);
  }
}

/** What each of the programs holds when all have tried at one time; then they are killed. */
async function taken(directories: readonly string[], programs: number): Promise<string[][]> {
  const takers = Array.from({ length: programs }, () => startTaker(directories));
  await Promise.all(takers.map((taker) => linesUntil("ready", taker)));
  for (const { child } of takers) child.stdin?.write("go\n");
  const held = await Promise.all(takers.map((taker) => linesUntil("done", taker)));
  await Promise.all(takers.map(({ child }) => killed(child)));
  return held;
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

it("refuses another start while it is held, and lets the next one in after its release", async () => {
  const directory = await newFolder();
  const lock = StartLock.take(directory);
  expect(() => StartLock.take(directory)).toThrow(
    `a stack is being started in ${directory} by another lastknown (pid ${process.pid})`,
  );
  lock.release();
  expect(await readdir(directory)).toEqual([]);
  StartLock.take(directory).release();
});

it("does no harm when it is released after its folder has gone", async () => {
  const directory = await newFolder();
  const lock = StartLock.take(directory);
  await rm(directory, { recursive: true });
  lock.release();
});

it("is taken over from a holder that was killed, by exactly one of several at a time", async () => {
  const directories = await Promise.all(Array.from({ length: FOLDERS }, newFolder));
  expect(await taken(directories, 1)).toEqual([directories]);
  const held = await taken(directories, PROGRAMS);
  expect(held.flat().sort()).toEqual([...directories].sort());
});
