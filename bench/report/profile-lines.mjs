// Where the time of a process goes, by its CPU profile.

import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { figure, tableLines } from "./table.mjs";

const ROWS_MAX = 25;
const PROFILE = ".cpuprofile";
/** Time in which the thread waited. */
const NOT_WORK = new Set(["(idle)", "(root)", "(program)"]);

/**
 * The functions that take most, by the time in themselves (not in what they call), of every profile in a folder.
 * @param {number} records that each process handled; of each worker it is its half, which is counted here
 */
export async function profileLines(folder, records) {
  const names = (await readdir(folder)).filter((name) => name.endsWith(PROFILE)).sort();
  const lines = await Promise.all(
    names.map(async (name) => {
      const handled = name.startsWith("worker") ? records / 2 : records;
      return linesOf(
        basename(name, PROFILE),
        JSON.parse(await readFile(join(folder, name), "utf8")),
        handled,
      );
    }),
  );
  return lines.flat();
}

function linesOf(title, profile, records) {
  const functions = [...selfMicros(profile)].sort(([, a], [, b]) => b - a);
  const working = functions.filter(([name]) => !NOT_WORK.has(name));
  const total = working.reduce((sum, [, micros]) => sum + micros, 0);
  const rows = working
    .slice(0, ROWS_MAX)
    .map(([name, micros]) => [name, figure(micros / records), `${((100 * micros) / total).toFixed(1)} %`]);
  return ["", `${title}: ${figure(total / records)} µs/event in JavaScript and what it calls`].concat(
    tableLines(["function", "µs/event", "share"], rows),
  );
}

/** `function file:line` → µs in itself. */
function selfMicros({ nodes, samples, timeDeltas }) {
  const nameOf = new Map(nodes.map(({ id, callFrame }) => [id, frameName(callFrame)]));
  const micros = new Map();
  for (const [index, id] of samples.entries()) {
    const name = nameOf.get(id);
    // A sample stands for the time until the next one.
    micros.set(name, (micros.get(name) ?? 0) + (timeDeltas[index + 1] ?? 0));
  }
  return micros;
}

function frameName({ functionName, url, lineNumber }) {
  if (url === "") return functionName === "" ? "(anonymous)" : functionName;
  const file = url
    .replace(/^file:\/\//, "")
    .split("/")
    .slice(-4)
    .join("/");
  return `${functionName === "" ? "(anonymous)" : functionName} ${file}:${lineNumber + 1}`;
}
