import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  defaultCacheFolder,
  parentToWatch,
  runCommand,
  StackError,
  StartLock,
  TemporaryServers,
} from "@lastknown/stack";
import { say, slowStep } from "../../scripts/say.mjs";
import { NotBuiltError } from "./not-built.mjs";

const VERSION_BOUND_MS = 60_000;
const BUILD_BOUND_MS = 60 * 60_000;
const LOOK_AGAIN_EVERY_MS = 1000;
const TAIL_LINES = 20;

/**
 * The folder of what is built from some files, once for each text of theirs, outside git. Of several that want it at
 * once one builds; the build ends with this program.
 *
 * @param {object} options
 * @param {string} options.name
 * @param {readonly string[]} options.files it is made of, absolute
 * @param {string} options.takes for a person who waits
 * @param {readonly { command: string, versionArguments: readonly string[], toGet: string }[]} options.tools that build
 *   it, on whose versions it depends; and what to do where one is missing
 * @param {readonly ((place: { target: string, temporary: string }) => { command: string, args: readonly string[], cwd: string, environment?: Record<string, string> })[]} options.steps
 *   commands in their order: all they leave stands in `target`, which is put in place as a whole
 * @returns {Promise<string>}
 * @throws {NotBuiltError}
 */
export async function buildOnce({ name, files, takes, tools, steps }) {
  const hash = createHash("sha256");
  for (const tool of tools) hash.update(await versionOf(tool));
  for (const file of files) hash.update(await readFile(file));
  const folder = join(defaultCacheFolder(), "bench", `${name}-${hash.digest("hex").slice(0, 12)}`);
  const lock = await lockUnlessBuilt(join(folder, "built"), folder, name);
  if (lock === undefined) return join(folder, "built");
  try {
    await slowStep(`building ${name} (once, ${takes})`, () => build(name, join(folder, "built"), steps));
    return join(folder, "built");
  } finally {
    lock.release();
  }
}

async function versionOf({ command, versionArguments, toGet }) {
  try {
    const { exitCode, stdout } = await runCommand(command, versionArguments, { boundMs: VERSION_BOUND_MS });
    if (exitCode === 0) return stdout;
    throw new NotBuiltError(`${command} ${versionArguments.join(" ")} ended with ${exitCode}: ${toGet}`);
  } catch (error) {
    if (!(error instanceof StackError && error.code === "tools-missing")) throw error;
    throw new NotBuiltError(`there is no ${command}: ${toGet}`, { cause: error });
  }
}

/** @returns the right to build; undefined where it is there, or has come meanwhile */
async function lockUnlessBuilt(built, folder, name) {
  const deadlineMs = performance.now() + BUILD_BOUND_MS;
  for (let turn = 0; !existsSync(built); turn++) {
    const lock = tryLock(folder, name);
    if (lock !== undefined) return lock;
    if (turn === 0) say(`another program builds ${name}: waiting for it`);
    if (performance.now() > deadlineMs)
      throw new NotBuiltError(`another program builds it in ${folder} and does not end`);
    await sleep(LOOK_AGAIN_EVERY_MS);
  }
  return undefined;
}

function tryLock(folder, name) {
  try {
    return StartLock.take(folder, `a build of ${name}`);
  } catch (error) {
    if (error instanceof StackError && error.code === "already-running") return undefined;
    throw error;
  }
}

async function build(name, built, steps) {
  // Beside its place, where a rename reaches; what an earlier build left that was killed goes.
  const target = join(dirname(built), `${basename(built)}-unfinished`);
  await rm(target, { recursive: true, force: true });
  await mkdir(target);
  const building = await TemporaryServers.open(`lastknown-build-${name}-`, parentToWatch());
  try {
    for (const step of steps) {
      const { command, args, cwd, environment = {} } = step({ target, temporary: building.directory });
      const assignments = Object.entries(environment).map(([key, value]) => `${key}=${value}`);
      const result = await runCommand("env", [...assignments, "nice", "-n", "10", command, ...args], {
        boundMs: BUILD_BOUND_MS,
        cwd,
        note: (pid) => building.adopt(command, pid),
      });
      if (result.exitCode !== 0) throw buildFailed(command, result);
    }
  } finally {
    await building.stop();
  }
  await rename(target, built);
}

function buildFailed(command, { stdout, stderr }) {
  const said = `${stdout.toString("utf8")}\n${stderr.toString("utf8")}`.trim();
  return new NotBuiltError(`${command} said:\n${said.split("\n").slice(-TAIL_LINES).join("\n")}`);
}
