import { setTimeout as pause } from "node:timers/promises";
import { type AnswerDrop, type Direction, KAFKA_PRODUCE, type ProxyCounts } from "../../fault-tools/index.js";
import { waitUntil } from "../../harness/wait-until.js";
import type { Fault } from "../fault.js";
import type { FaultRun } from "../fault-run.js";
import { seconds } from "./seconds.js";
import { WORKER_SESSION_MS } from "./time-outs.js";

/** None of these takes long. */
const SECONDS_MAX = 75;
const SLOW_MS = 15_000;
const LATENCY_MS = 40;
const JITTER_MS = 40;
const RESETS = 5;
const BETWEEN_RESETS_MS = 2_000;
const DROPS_PER_SERVER = 3;
const DROPPED_BOUND_MS = 60_000;
const REPLICATION_CUT_MS = 5_000;
const UNPROTECTED = "lastknown_unprotected_writes_total";

/** Longer than a request to a broker may wait for its answer (15 s), and than a worker's session. */
const BROKER_CUT_MS = 20_000;
/** Records flow at once when it is over, but who was not heard has to join the group anew: that belongs to it. */
const JOINED_ANEW_MS = 10_000;
/** Longer than a node may be silent (1 s), and than a batch's deadline. */
const REDIS_CUT_MS = 10_000;

export const slowNetwork: Fault = {
  name: "latency and jitter before brokers and Redis nodes",
  inEveryTest: false,
  secondsMax: SECONDS_MAX,
  strike: async (run) => {
    const counted = countsOf(run, ["kafka-", "redis-"], "delayed");
    for (const proxy of run.proxies.all()) proxy.delay({ latencyMs: LATENCY_MS, jitterMs: JITTER_MS });
    try {
      await pause(SLOW_MS);
      // Slow it is, but it does not stand still.
      await run.flows();
      const delayed = counted();
      const longest = Math.max(...run.proxies.all().map(({ counts }) => counts.delayedMsMax));
      if (longest < LATENCY_MS) throw new Error(`nothing was held back for longer than ${longest} ms`);
      return {
        seen: `${delayed.join(" and ")} pieces were held back, for ${Math.round(longest)} ms at most; records flowed all the while`,
      };
    } finally {
      run.proxies.heal();
    }
  },
};

export const resetConnections: Fault = {
  name: "all connections reset, again and again",
  inEveryTest: false,
  secondsMax: SECONDS_MAX,
  strike: async (run) => {
    const reset = countsOf(run, ["kafka-", "redis-"], "resets");
    const opened = countsOf(run, ["kafka-", "redis-"], "connections");
    for (let turn = 0; turn < RESETS; turn++) {
      for (const proxy of run.proxies.all()) proxy.resetAll();
      await pause(BETWEEN_RESETS_MS);
    }
    const [brokers = 0, nodes = 0] = reset();
    opened();
    return {
      seen: `${brokers} connections to brokers and ${nodes} to Redis nodes were reset, and made anew`,
    };
  },
};

/** Each way to brokers and Redis nodes cut for longer than the product's time-outs, one after the other. */
export const cutOneWay: readonly Fault[] = [
  cut("kafka-", "brokers", "to-server", BROKER_CUT_MS),
  cut("kafka-", "brokers", "to-client", BROKER_CUT_MS),
  cut("redis-", "Redis nodes", "to-server", REDIS_CUT_MS),
  cut("redis-", "Redis nodes", "to-client", REDIS_CUT_MS),
];

function cut(prefix: string, servers: string, direction: Direction, cutMs: number): Fault {
  const [way, swallowed] =
    direction === "to-server"
      ? [`requests to ${servers}`, "swallowedBytesToServer" as const]
      : [`answers of ${servers}`, "swallowedBytesToClient" as const];
  return {
    name: `${way} lost for ${cutMs / 1000} s, not the other way`,
    inEveryTest: false,
    secondsMax: SECONDS_MAX,
    standsStillMs: cutMs + WORKER_SESSION_MS,
    strike: async (run) => {
      const counted = countsOf(run, [prefix], swallowed);
      for (const proxy of run.proxies.all(prefix)) proxy.cut({ direction, traffic: "clients" });
      try {
        await pause(cutMs);
        if (run.states.hasAnyMovedSince(performance.now() - cutMs / 2))
          throw new Error("records flowed meanwhile");
      } finally {
        run.proxies.heal();
      }
      const swallowedBytes = counted().join();
      if (prefix === "kafka-") await pause(JOINED_ANEW_MS);
      return { seen: `${swallowedBytes} bytes were swallowed, and nothing flowed` };
    },
  };
}

export const dropProduceAnswers: Fault = {
  name: "answers of brokers dropped after the records were written",
  inEveryTest: true,
  secondsMax: SECONDS_MAX,
  strike: async (run) => await dropAnswers(run, "kafka-", { kafkaApiKey: KAFKA_PRODUCE }),
};

export const dropScriptAnswers: Fault = {
  name: "answers of Redis nodes dropped after the states were written",
  inEveryTest: true,
  secondsMax: SECONDS_MAX,
  strike: async (run) => await dropAnswers(run, "redis-", { containing: "evalsha" }),
};

/** Only those servers count that are written to: a Redis replica is not. */
async function dropAnswers(run: FaultRun, prefix: string, drop: AnswerDrop): ReturnType<Fault["strike"]> {
  const proxies = run.proxies.all(prefix);
  const wanted = DROPS_PER_SERVER * WRITTEN_SERVERS;
  const before = sumOf(run, prefix, "swallowedAnswers");
  for (const proxy of proxies) proxy.dropAnswers({ ...drop, times: DROPS_PER_SERVER });
  try {
    const look = (): number | undefined => {
      const dropped = sumOf(run, prefix, "swallowedAnswers") - before;
      return dropped >= wanted ? dropped : undefined;
    };
    const dropped = await waitUntil(look, {
      what: `${wanted} answers to be dropped`,
      boundMs: DROPPED_BOUND_MS,
    });
    return { seen: `${dropped} answers were dropped after their requests had taken effect` };
  } finally {
    run.proxies.heal();
  }
}

/** Of the brokers all, of the Redis nodes the masters. */
const WRITTEN_SERVERS = 3;

export const cutReplication: Fault = {
  name: "replication between Redis nodes cut for 5 s",
  inEveryTest: false,
  secondsMax: SECONDS_MAX,
  strike: async (run) => {
    const swallowed = countsOf(run, ["redis-"], "swallowedBytesToClient");
    const before = await run.workers.total(UNPROTECTED);
    for (const proxy of run.proxies.all("redis-"))
      proxy.cut({ direction: "to-client", traffic: "replication" });
    try {
      await pause(REPLICATION_CUT_MS);
      swallowed();
      const unprotected = (await run.workers.total(UNPROTECTED)) - before;
      if (unprotected <= 0) throw new Error("no write lacked a replica");
      return {
        seen: `${unprotected} writes went on without a replica in ${seconds(REPLICATION_CUT_MS)} s, and were counted`,
        figures: { unprotectedWrites: unprotected },
      };
    } finally {
      run.proxies.heal();
    }
  },
};

/** Gives what tells how far a count has grown since now before each kind of server, and throws where it has not. */
function countsOf(run: FaultRun, prefixes: readonly string[], count: keyof ProxyCounts): () => number[] {
  const before = prefixes.map((prefix) => sumOf(run, prefix, count));
  return () =>
    prefixes.map((prefix, index) => {
      const grown = sumOf(run, prefix, count) - (before[index] ?? 0);
      if (grown <= 0) throw new Error(`the proxies before ${prefix} counted no ${count}`);
      return grown;
    });
}

function sumOf(run: FaultRun, prefix: string, count: keyof ProxyCounts): number {
  return run.proxies.all(prefix).reduce((sum, { counts }) => sum + counts[count], 0);
}
