import type { ReplayOptions, ReplaySummary } from "@lastknown/producer";
import { bucketOf, connectRedis, waitUntilReady } from "@lastknown/shared";
import { quietLogger } from "../fleet/fleet-servers.js";
import { printCount } from "../output/figures.js";
import type { Terminal } from "../output/terminal.js";
import { jsonOf } from "./child-output.js";
import { demoSpeed } from "./demo-file.js";
import type { DemoServers } from "./demo-servers.js";
import { planOf, type Plan } from "./measure-delays.js";
import { ProgressWatch, type Watched } from "./redis/progress-watch.js";
import { step } from "./step.js";
import { untilCaughtUp } from "./until-caught-up.js";

/** What a replay did, and what became visible when. */
export interface Replayed {
  readonly summary: ReplaySummary;
  /** How it was paced, in words. */
  readonly pace: string;
  /** When each record was planned to arrive; undefined where nothing was planned. */
  readonly plan: Plan | undefined;
  readonly watched: Watched;
}

export interface ReplayWatchedOptions {
  readonly terminal: Terminal;
  readonly servers: DemoServers;
  readonly signal: AbortSignal;
  readonly replayOptions: ReplayOptions;
  readonly replayArguments: readonly string[];
  readonly survey: ReplaySummary;
  readonly users: readonly string[];
}

/** Replays in a process of its own and watches from this one what becomes visible, until all of it is. */
export async function replayWatched(options: ReplayWatchedOptions): Promise<Replayed> {
  const { terminal, servers, replayOptions, users } = options;
  const { settings } = servers;
  const pace = paceOf(options);
  const redis = connectRedis(settings.redis, quietLogger(settings));
  try {
    await waitUntilReady(redis, settings.redis);
    const buckets = new Set(users.map((user) => bucketOf(Buffer.from(user))));
    const watch = new ProgressWatch(redis, settings.fleet.name, buckets);
    watch.start();
    const args = [...options.replayArguments, ...pace.args, "--json", ...servers.replayFlags];
    const summary = await step(terminal, `replaying ${pace.words}`, () =>
      jsonOf<ReplaySummary>(["replay", replayOptions.file, ...args], {
        signal: options.signal,
        onPid: (pid) => servers.adopt("replay", pid),
      }),
    );
    await step(terminal, "waiting until workers and view have all of it", () => untilCaughtUp(servers));
    const watched = await watch.stop();
    return {
      summary,
      pace: pace.words,
      plan: pace.speed === undefined ? undefined : planOf(summary, pace.speed),
      watched,
    };
  } finally {
    redis.disconnect();
  }
}

interface Pace {
  readonly words: string;
  readonly args: readonly string[];
  /** Where rows keep their own times, so many times faster. */
  readonly speed?: number;
}

function paceOf({ replayOptions, survey }: ReplayWatchedOptions): Pace {
  const { speed, rate, maxGap } = replayOptions;
  if (rate !== undefined) return { words: `at ${rate} rows/s`, args: [] };
  const factor = speed ?? demoSpeed(survey);
  const args = speed === undefined ? ["--speed", String(factor)] : [];
  if (factor === "max") return { words: "as fast as it goes", args };
  const words = `at ${printCount(factor)} times its own speed`;
  return maxGap === undefined ? { words, args, speed: factor } : { words, args };
}
