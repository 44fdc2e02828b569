// Where the time of a process goes, by its CPU profile.

import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { placeOf } from "./profile-place.mjs";
import { figure, tableLines } from "./table.mjs";

const PLACES_MAX = 22;
const FUNCTIONS_MAX = 14;
const PROFILE = ".cpuprofile";
/** Time in which the thread waited. */
const WAITING = new Set(["(idle)", "(root)", "(program)"]);

/**
 * What takes most in each process of which a folder has a profile: by place (a file of ours, or a package, with
 * what it calls in Node), and by function.
 *
 * A profile counts the time on the clock, also when another process had the core. So only its shares are taken, of
 * the CPU time that the kernel counted.
 *
 * @param {string} folder
 * @param {Record<string, { microsPerEvent: number, per: string }>} roles of the same fleet: how the names of their
 *   profiles begin → what they took, and for what
 */
export async function profileLines(folder, roles) {
  // A phase without a process of ours has none.
  const files = existsSync(folder) ? await readdir(folder) : [];
  const names = files.filter((name) => name.endsWith(PROFILE)).sort();
  const lines = await Promise.all(
    names.map(async (name) => {
      const title = basename(name, PROFILE);
      const role = Object.keys(roles).find((each) => title.startsWith(each.split(" ")[0]));
      // Such as what filled the topic before a drain.
      if (role === undefined) return [];
      const profile = JSON.parse(await readFile(join(folder, name), "utf8"));
      return linesOf(title, profile, roles[role]);
    }),
  );
  return lines.flat();
}

function linesOf(title, profile, { microsPerEvent, per }) {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    profile.nodes.flatMap(({ id, children = [] }) => children.map((each) => [each, id])),
  );
  const places = new Map();
  const functions = new Map();
  let total = 0;
  for (const [index, id] of profile.samples.entries()) {
    const { callFrame } = nodes.get(id);
    if (WAITING.has(callFrame.functionName)) continue;
    // A sample stands for the time until the next one.
    const micros = profile.timeDeltas[index + 1] ?? 0;
    total += micros;
    add(places, placeOf(id, nodes, parents), micros);
    add(functions, functionName(callFrame), micros);
  }
  const table = (what, times, most) =>
    tableLines(
      [what, `µs/${per}`, "share"],
      [...times]
        .sort(([, a], [, b]) => b - a)
        .slice(0, most)
        .map(([name, micros]) => {
          const share = micros / total;
          return [name, figure(share * microsPerEvent), `${(share * 100).toFixed(1)} %`];
        }),
    );
  return [
    "",
    `${title}: ${figure(microsPerEvent)} µs/${per} of its role, all threads; shares of its main thread's work`,
    ...table("place", places, PLACES_MAX),
    "",
    ...table("function", functions, FUNCTIONS_MAX),
  ];
}

function add(times, name, micros) {
  times.set(name, (times.get(name) ?? 0) + micros);
}

function functionName({ functionName: name, url, lineNumber }) {
  const file = url.split("/").slice(-3).join("/");
  return `${name === "" ? "(anonymous)" : name}${file === "" ? "" : ` ${file}:${lineNumber + 1}`}`;
}
