// What a person may ask of the bench.

import { parseArgs } from "node:util";
import { PEER_NAMES } from "./peers/peer-names.mjs";

/** Those that drain a full topic, and nothing else. */
export const DRAIN_PHASES = ["drain", "drain-two", "drain-few", "drain-few-two"];

export const PHASES = [
  ...DRAIN_PHASES,
  "peers",
  "all-in",
  "latency",
  "answers",
  "idle",
  "burst",
  "scaling",
  "growth",
  "wire",
  "floor",
];

export const USAGE = `npm run bench -- [options]
  --runs N         how often each phase is repeated: min, median and max of each figure are told (default 3)
  --phase A,B      only these, of
                   drain          a full topic of 50,000 users, through one worker until audit and Redis have it
                   drain-two      the same through two
                   drain-few      a full topic of 300 users, through one worker
                   drain-few-two  the same through two
                   peers          a full topic through one worker, and the same topic through others' programs
                   all-in         a file at full speed, through two workers, until Redis and the view have it
                   latency        steady rates: how long each row takes until it is seen
                   answers        questions over 50 connections, while rows come at half of what the fleet bears
                   idle           what each process takes while nothing comes
                   burst          more than it can take: what is seen in time, and that nothing is lost
                   scaling        the full topic of 50,000 users, through 1, 2 and 4 workers
                   growth         what an event and an answer cost as users, arrivals, partitions and the view grow
                   wire           bytes per event on each hop
                   floor          what the machine and its servers allow without the product
  --peers A,B      peers only of ${PEER_NAMES.join(", ")}
  --events N       how many drains, peers, scaling, growth, wire and floor have (default 1000000)
  --rate N         rows per second of answers (default half of what it was filled with) and latency (default 1000, 5000, 20000 and 50000)
  --burst LIST     rows per second × seconds of the burst, one after the other (default 50000x120,200000x10)
  --ask N          questions per second that answers offers at even moments (default: each connection asks on when it has its answer)
  --seconds N      seconds that latency, idle and each kind of answers measure (default 30)
  --settle N       seconds that latency sends, and idle waits, before, while fresh processes compile their code (default 60)
  --full           growth up to a million users, a user of a million arrivals, a view of 20 million: it takes hours
  --profile        write a CPU profile of every process of ours, and tell where the time goes
  --help           this text
It prints tables with what else the machine did meanwhile, and writes all figures as JSON, and a plot of them as SVG, to bench/results.
What all-in replays is the bike stations' file in the folder LASTKNOWN_DATA (default ../shared/data), else a made-up sample.`;

const LATENCY_RATES = [1000, 5000, 20_000, 50_000];
const RUNS_MAX = 100;
const EVENTS_MAX = 20_000_000;
const RATE_MAX = 1_000_000;
const SECONDS_MAX = 3600;

/** The command line cannot be read; the message says why. */
export class UsageError extends Error {
  name = "UsageError";
}

/** @param {readonly string[]} args @throws {UsageError} */
export function parseOptions(args) {
  const values = valuesOf(args);
  return {
    help: values.help === true,
    profile: values.profile === true,
    full: values.full === true,
    phases: namesOf("--phase", values.phase, PHASES),
    peers: namesOf("--peers", values.peers, PEER_NAMES),
    events: wholeNumber("--events", values.events ?? "1000000", EVENTS_MAX),
    runs: wholeNumber("--runs", values.runs ?? "3", RUNS_MAX),
    rate: values.rate === undefined ? undefined : wholeNumber("--rate", values.rate, RATE_MAX),
    ask: values.ask === undefined ? undefined : wholeNumber("--ask", values.ask, RATE_MAX),
    rates: values.rate === undefined ? LATENCY_RATES : [wholeNumber("--rate", values.rate, RATE_MAX)],
    burst: burstOf(values.burst ?? "50000x120,200000x10"),
    seconds: wholeNumber("--seconds", values.seconds ?? "30", SECONDS_MAX),
    settle: wholeNumber("--settle", values.settle ?? "60", SECONDS_MAX),
  };
}

function valuesOf(args) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        runs: { type: "string" },
        phase: { type: "string" },
        peers: { type: "string" },
        events: { type: "string" },
        ask: { type: "string" },
        rate: { type: "string" },
        burst: { type: "string" },
        seconds: { type: "string" },
        settle: { type: "string" },
        full: { type: "boolean" },
        profile: { type: "boolean" },
        help: { type: "boolean" },
      },
    }).values;
  } catch (cause) {
    throw new UsageError(cause.message, { cause });
  }
}

function burstOf(text) {
  return text.split(",").map((step) => {
    const [rateText, secondsText = ""] = step.split("x");
    const rate = wholeNumber("--burst", rateText, RATE_MAX);
    return { rate, seconds: wholeNumber("--burst", secondsText, SECONDS_MAX) };
  });
}

/** Each of them once, in the order given; all where none is. */
function namesOf(flag, text, known) {
  const names = text?.split(",") ?? known;
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return [...new Set(names)];
  throw new UsageError(`${flag} cannot have ${JSON.stringify(unknown)}: give some of ${known.join(",")}`);
}

function wholeNumber(flag, text, max) {
  const number = /^[1-9]\d{0,8}$/.test(text) ? Number(text) : NaN;
  if (number <= max) return number;
  throw new UsageError(`${flag} cannot be ${text}: give a whole number from 1 to ${max}`);
}
