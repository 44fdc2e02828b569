// Runs one of jest's projects and counts its tests.

import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { root } from "../bootstrap.mjs";
import { runQuietly } from "../run-quietly.mjs";
import { say } from "../say.mjs";

/**
 * jest says so after one second, which on a busy machine says nothing; and it gives its worker processes half a
 * second, after which it ends them and warns. Only what is still there after the bound below is a failure.
 */
const LINGERS = /Jest did not exit one second after/;
/** Tests that leave a connection or a timer open keep jest from ending: it is ended after this long. */
const LINGER_BOUND_MS = 10_000;

/** The test files that a project has for the user's filter. */
export async function testFiles(project, filter) {
  const { output } = await runQuietly(process.execPath, jestArguments(project, ["--listTests", ...filter]), {
    cwd: root,
  });
  return output.split("\n").filter((line) => line.endsWith(".test.ts"));
}

/**
 * @param {{ project: string, filter: readonly string[], workers: string, boundMs: number,
 *   environment: NodeJS.ProcessEnv, signal: AbortSignal }} options
 * @returns {Promise<{ passed: number, failed: number, skipped: string[] }>} each file that could not run, and tests
 *   that leave something open, count as one failure
 */
export async function runJestProject(options) {
  const caches = join(root, "node_modules/.cache");
  await mkdir(caches, { recursive: true });
  const folder = await mkdtemp(join(caches, "lastknown-jest-"));
  const outputFile = join(folder, "result.json");
  try {
    const complaint = await runJest(options, outputFile);
    if (complaint !== undefined) say(`FAIL ${options.project}: ${complaint}`);
    const counts = await countsIn(outputFile, options.project);
    return complaint === undefined ? counts : { ...counts, failed: counts.failed + 1 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns {Promise<string | undefined>} what was wrong beside the tests themselves */
function runJest({ project, filter, workers, boundMs, environment, signal }, outputFile) {
  const args = [
    "--json",
    `--outputFile=${outputFile}`,
    `--maxWorkers=${workers}`,
    "--passWithNoTests",
    ...filter,
  ];
  const child = spawn(process.execPath, jestArguments(project, args), {
    cwd: root,
    env: { ...environment, ...(process.stderr.isTTY ? { FORCE_COLOR: "1" } : {}) },
    // jest's own standard output would come after our last line of results.
    stdio: ["ignore", "ignore", "pipe"],
  });
  return new Promise((resolve, reject) => {
    let complaint;
    const end = (reason) => {
      complaint ??= reason;
      child.kill("SIGKILL");
    };
    const bound = setTimeout(() => end(`not done within ${boundMs / 1000} s`), boundMs);
    const abort = () => end("interrupted");
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    child.stderr.setEncoding("utf8").on("data", (text) => {
      process.stderr.write(text);
      if (!LINGERS.test(text)) return;
      setTimeout(() => end("a test leaves a connection, a timer or a server open"), LINGER_BOUND_MS).unref();
    });
    child.once("error", reject);
    child.once("close", () => {
      clearTimeout(bound);
      signal.removeEventListener("abort", abort);
      resolve(complaint);
    });
  });
}

function jestArguments(project, args) {
  return [
    "--experimental-vm-modules",
    "--disable-warning=ExperimentalWarning",
    `--import=${new URL("end-with-parent.mjs", import.meta.url).href}`,
    join(root, "node_modules/jest/bin/jest.js"),
    ...args,
    `--selectProjects=${project}`,
  ];
}

async function countsIn(outputFile, project) {
  let result;
  try {
    result = JSON.parse(await readFile(outputFile, "utf8"));
  } catch (error) {
    if (error.code !== "ENOENT" && !(error instanceof SyntaxError)) throw error;
    say(`FAIL ${project}: jest ended without a result`);
    return { passed: 0, failed: 1, skipped: [] };
  }
  const skipped = result.testResults.flatMap(({ name, assertionResults }) =>
    assertionResults
      .filter(({ status }) => status === "pending" || status === "todo" || status === "disabled")
      .map(({ fullName }) => `${relative(root, name)}: ${fullName}`),
  );
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
  return { passed: result.numPassedTests, failed, skipped };
}
