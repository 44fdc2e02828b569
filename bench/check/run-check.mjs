// `npm run bench:check`: whether a hot function has become slower, in half a minute, on a machine that others use too.
//
// What is compared is CPU time in units of a calibration loop that runs in between, not time on the clock. With --record
// the ratios are written anew, after a change that is meant to cost or to save.

import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { tableLines } from "../report/table.mjs";

const RECORDED = new URL("ratios.json", import.meta.url);
const ONE_PROCESS = fileURLToPath(new URL("measure-once.mjs", import.meta.url));
/** The least of several processes on a busy machine differed by up to 1.3 times, where the code was the same. */
const WORSE_MAX = 1.5;
const PROCESSES = 3;
/** What seems slower is measured in as many more: a bad moment passes, slower code stays. */
const SECOND_LOOKS = 2;
const BOUND_MS = 120_000;

const { values } = parseArgs({ options: { record: { type: "boolean" } } });
if (values.record === true) await record();
else await compare();

async function record() {
  const least = {};
  await measureInto(least, PROCESSES * SECOND_LOOKS);
  const ratios = Object.fromEntries(
    Object.entries(least).map(([name, ratio]) => [name, Number(ratio.toFixed(3))]),
  );
  await writeFile(RECORDED, `${JSON.stringify({ node: process.versions.node, ratios }, null, 2)}\n`);
  print(ratios, ratios);
}

async function compare() {
  const { node, ratios } = JSON.parse(await readFile(RECORDED, "utf8"));
  const least = {};
  await measureInto(least, PROCESSES);
  // One that is not recorded compares as worse.
  const worse = () => Object.keys(least).filter((name) => !(least[name] <= ratios[name] * WORSE_MAX));
  for (let look = 0; look < SECOND_LOOKS && worse().length > 0; look++) await measureInto(least, PROCESSES);
  print(least, ratios);
  if (node !== process.versions.node)
    process.stdout.write(
      `recorded with Node ${node}, run with ${process.versions.node}: not all of it compares\n`,
    );
  const names = worse();
  if (names.length === 0) return;
  process.exitCode = 1;
  for (const name of names) process.stdout.write(`SLOWER: ${name}\n`);
  process.stdout.write(`more than ${WORSE_MAX} times what is recorded; where it is meant: add -- --record\n`);
}

/** Keeps of each function the least that any process measured. */
async function measureInto(least, processes) {
  for (let count = 0; count < processes; count++) {
    const { stdout } = await promisify(execFile)(process.execPath, [ONE_PROCESS], { timeout: BOUND_MS });
    for (const [name, ratio] of Object.entries(JSON.parse(stdout))) {
      least[name] = Math.min(least[name] ?? Infinity, ratio);
    }
  }
}

function print(now, recorded) {
  const cells = Object.entries(now).map(([name, ratio]) => {
    const before = recorded[name];
    const against = before === undefined ? "not recorded" : `${(ratio / before).toFixed(2)} ×`;
    return [name, ratio.toFixed(3), before?.toFixed(3) ?? "-", against];
  });
  const head = ["CPU time, in calibration loops", "now", "recorded", "now / recorded"];
  process.stdout.write(`${tableLines(head, cells).join("\n")}\n`);
}
