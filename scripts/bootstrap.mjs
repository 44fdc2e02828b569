// From a fresh clone to built packages. Node's built-ins only: it runs before anything is installed.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runQuietly, StepError, tailOf } from "./run-quietly.mjs";
import { slowStep } from "./say.mjs";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const INSTALL_ATTEMPTS_MAX = 2;

/**
 * Installs the packages, if those in node_modules are not the lock file's, and builds.
 * @param {AbortSignal} interruption ends the step that runs
 * @throws {StepError} and, with an AbortError, when it was interrupted
 */
export async function bootstrap(interruption) {
  checkNodeVersion();
  await install(interruption);
  await build(interruption);
}

/** @throws {StepError} */
export function checkNodeVersion() {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(process.versions.node).map(Number);
  const [, wantedMajor, wantedMinor] = /(\d+)\.(\d+)/.exec(readJson("package.json").engines.node).map(Number);
  if (major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)) return;
  throw new StepError(
    `Node ${wantedMajor}.${wantedMinor} or later is needed, this is ${process.versions.node}: see https://nodejs.org`,
    2,
  );
}

/** @param {AbortSignal} interruption @throws {StepError} */
export async function install(interruption) {
  if (isInstalled()) return;
  await slowStep("installing the packages", async () => {
    for (let attempt = 1; !isInstalled(); attempt += 1) {
      const { output } = await runNpm(["ci", "--include=dev", "--no-audit", "--no-fund"], interruption);
      if (!isInstalled() && attempt >= INSTALL_ATTEMPTS_MAX) {
        throw new StepError(`npm ci failed:\n${tailOf(output)}`);
      }
    }
  });
}

/** @param {AbortSignal} interruption @throws {StepError} */
export async function build(interruption) {
  await slowStep("building", async () => {
    const { exitCode, output } = await runQuietly(
      process.execPath,
      [join(root, "node_modules/typescript/bin/tsc"), "-b"],
      { cwd: root, signal: interruption },
    );
    if (exitCode !== 0) throw new StepError(`the build failed:\n${tailOf(output)}`);
  });
}

/**
 * Whether node_modules holds what package-lock.json asks for, whoever installed it. npm writes its own list as the
 * last thing, so an install that was cut off has none.
 */
function isInstalled() {
  const listed = join(root, "node_modules/.package-lock.json");
  if (!existsSync(listed) || !existsSync(join(root, "node_modules/typescript/bin/tsc"))) return false;
  const installed = readJson("node_modules/.package-lock.json").packages;
  return Object.entries(readJson("package-lock.json").packages).every(([path, wanted]) => {
    if (path === "" || !path.includes("node_modules/")) return true;
    const found = installed[path];
    if (found === undefined) return wanted.optional === true || wanted.peer === true;
    return found.link === wanted.link && found.version === wanted.version;
  });
}

/** The npm that runs this script, or the one on the PATH. */
function runNpm(args, signal) {
  const npm = process.env.npm_execpath;
  const options = { cwd: root, env: environmentForNpm(), signal };
  return npm === undefined || !/npm(-cli)?\.c?js$/.test(npm)
    ? runQuietly("npm", args, options)
    : runQuietly(process.execPath, [npm, ...args], options);
}

/**
 * npm hands its own flags down in the environment: those of `npm test --dry-run` or `--omit=dev` must not reach the
 * installation. Settings of the machine (a registry, a proxy, a cache) stay.
 */
function environmentForNpm() {
  const dropped =
    /^npm_(config_(dry_run|omit|include|only|production|dev|optional|also|loglevel|silent|json|parseable|global|location|workspaces?|include_workspace_root|ignore_scripts|package_lock.*|force|save.*|prefix|local_prefix|if_present|node_options|script_shell|foreground_scripts|long|call|yes|package)|package_.*|lifecycle_.*)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !dropped.test(name)));
}

function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}
