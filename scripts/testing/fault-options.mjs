// The command line of `npm run test:faults`.

import { parseArgs } from "node:util";
import { StepError } from "../run-quietly.mjs";

export const USAGE = `Usage: npm run test:faults -- [options]

Breaks everything on servers of its own, under load, and says what it found.

  --seed N      the same choices as in the run that printed N
  --only TEXT   scenarios and faults whose name holds the text, in capitals or not; may be given several times
  --short       only what \`npm test\` breaks
  --list        names all of them, and breaks nothing
  --json        the result, or the list, as JSON on standard output
  --help        this text

The faults of disks need root, or: unshare -Urm npm run test:faults
`;

const OPTIONS = {
  seed: { type: "string" },
  only: { type: "string", multiple: true, default: [] },
  short: { type: "boolean", default: false },
  list: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
};

/**
 * @param {readonly string[]} args
 * @returns {{ seed?: number, only: string[], short: boolean, list: boolean, json: boolean, help: boolean }}
 * @throws {StepError} with one line and exit code 2
 */
export function faultOptions(args) {
  const { seed, ...options } = parsed(args);
  if (options.only.includes("")) throw usageError("--only takes a text");
  if (seed === undefined) return options;
  const number = Number(seed);
  if (!/^\d+$/.test(seed) || !Number.isSafeInteger(number))
    throw usageError("--seed takes a whole number from 0 on");
  return { ...options, seed: number };
}

function parsed(args) {
  try {
    return parseArgs({ args: withValues(args), options: OPTIONS }).values;
  } catch (error) {
    if (!error.code?.startsWith("ERR_PARSE_ARGS_")) throw error;
    // The sentences after the first advise on what is of no use here.
    throw usageError(error.message.split(/\.(?:\s|$)/)[0]);
  }
}

/** `--seed -1` as `--seed=-1`: what begins with a dash would else count as an option. */
function withValues(args) {
  const joined = [];
  for (const arg of args) {
    if (joined.at(-1) === "--seed" && /^-\d/.test(arg)) joined.push(`${joined.pop()}=${arg}`);
    else joined.push(arg);
  }
  return joined;
}

function usageError(complaint) {
  return new StepError(`${complaint}; see --help`, 2);
}
