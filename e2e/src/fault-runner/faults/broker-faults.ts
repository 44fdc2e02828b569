import { setTimeout as pause } from "node:timers/promises";
import { readMetric } from "../../faults/read-metrics.js";
import type { Brokers } from "../brokers.js";
import type { Evidence, Fault } from "../fault.js";
import type { FaultRun } from "../fault-run.js";
import { BROKER_SESSION_MS, WORKER_SESSION_MS } from "./time-outs.js";

const OUTAGE_MS = 30_000;
/** Until all brokers serve again that are started at once, on two busy cores. */
const START_MS = 20_000;
const HANG_MS = 20_000;
/** Kafka has missed a broker by then, and has others do its work. */
const MISSED_MS = 12_000;
const DOWN_MS = 5_000;
/** A sender learns of a new leader by the old one's refusal, or before, where it asked for another reason. */
const MOVES_MAX = 5;
const REFUSED_WITHIN_MS = 2_000;
const WAITING = 'lastknown_waiting_on_server{server="kafka"}';

export const killLeader: Fault = {
  name: "kill -9 of a partition's leader",
  inEveryTest: false,
  standsStillMs: BROKER_SESSION_MS,
  strike: async (run) => {
    const leader = await run.brokers.leaderOf(run.eventsTopic, 0);
    await killBroker(run, leader);
    const after = await run.brokers.leaderOf(run.eventsTopic, 0);
    if (after === leader) throw new Error(`${leader} still leads`);
    await run.brokers.restart(leader);
    return { seen: `${after} led after ${leader}` };
  },
};

export const killCoordinator: Fault = {
  name: "kill -9 of the group's coordinator",
  inEveryTest: false,
  standsStillMs: BROKER_SESSION_MS + WORKER_SESSION_MS,
  strike: async (run) => {
    const coordinator = await run.brokers.coordinatorOf(run.group);
    await killBroker(run, coordinator);
    const after = await run.brokers.coordinatorOf(run.group);
    if (after === coordinator) throw new Error(`${coordinator} still coordinates`);
    await run.brokers.restart(coordinator);
    return { seen: `${after} coordinated after ${coordinator}` };
  },
};

export const killController: Fault = {
  name: "kill -9 of the controller",
  inEveryTest: false,
  standsStillMs: BROKER_SESSION_MS,
  strike: async (run) => {
    const controller = await run.brokers.controller();
    await killBroker(run, controller);
    const after = await run.brokers.controller();
    if (after === controller) throw new Error(`${controller} is still the controller`);
    await run.brokers.restart(controller);
    return { seen: `${after} was the controller after ${controller}` };
  },
};

async function killBroker(run: FaultRun, name: string): Promise<void> {
  const node = run.brokers.node(name);
  if (!node.signal("SIGKILL")) throw new Error(`${name} did not run`);
  await pause(DOWN_MS);
  if (node.isRunning()) throw new Error(`${name} runs still`);
}

export const stopAll: Fault = {
  name: "all brokers stopped for 30 s",
  inEveryTest: false,
  standsStillMs: OUTAGE_MS + START_MS + WORKER_SESSION_MS,
  strike: async (run) => {
    const nodes = run.brokers.names.map((name) => run.brokers.node(name));
    for (const node of nodes) node.signal("SIGKILL");
    const fromMs = Date.now();
    await pause(OUTAGE_MS);
    const evidence = await whileAway(run, fromMs);
    await Promise.all(nodes.map(({ name }) => run.brokers.restart(name)));
    return evidence;
  },
};

/** What the query service answered, and the workers said, while the brokers were away. */
async function whileAway(run: FaultRun, fromMs: number): Promise<Evidence> {
  const answers = run.answers.seen.filter(({ askedAtMs }) => askedAtMs >= fromMs);
  const good = answers.filter(({ status }) => status === 200);
  if (run.states.hasAnyMovedSince(performance.now() - OUTAGE_MS / 2))
    throw new Error("records flowed without a broker");
  for (const worker of run.workers.running) {
    if ((await readMetric(worker, WAITING)) !== 1)
      throw worker.process.failure("does not say that it waits for Kafka");
  }
  return {
    seen: `nothing flowed, every worker named Kafka; ${good.length} of ${answers.length} questions were answered with 200`,
  };
}

export const hangLeader: Fault = {
  name: "a leader that hangs for 20 s",
  inEveryTest: false,
  standsStillMs: HANG_MS,
  strike: async (run) => {
    const leader = await run.brokers.leaderOf(run.eventsTopic, 0);
    const after = await whileHanging(run, leader, (others) => others.leaderOf(run.eventsTopic, 0));
    if (after === leader) throw new Error(`${leader} still leads`);
    return { seen: `${after} led while ${leader} hung` };
  },
};

export const hangCoordinator: Fault = {
  name: "a coordinator that hangs for 20 s",
  inEveryTest: false,
  standsStillMs: HANG_MS,
  strike: async (run) => {
    const coordinator = await run.brokers.coordinatorOf(run.group);
    const after = await whileHanging(run, coordinator, (others) => others.coordinatorOf(run.group));
    if (after === coordinator) throw new Error(`${coordinator} still coordinates`);
    return { seen: `${after} coordinated while ${coordinator} hung` };
  },
};

/** Gives what the other brokers say while it still hangs. */
async function whileHanging(
  run: FaultRun,
  name: string,
  look: (others: Brokers) => Promise<string>,
): Promise<string> {
  const node = run.brokers.node(name);
  node.signal("SIGSTOP");
  try {
    const looking = pause(MISSED_MS).then(() => look(run.brokers.without(name)));
    const [seen] = await Promise.all([looking, pause(HANG_MS)]);
    return seen;
  } finally {
    node.signal("SIGCONT");
  }
}

export const moveLeaders: Fault = {
  name: "leaders moved while records are sent",
  inEveryTest: true,
  strike: async (run) => {
    const sentBefore = run.workers.log.sentToOldLeaders;
    const sent = (): number => run.workers.log.sentToOldLeaders - sentBefore;
    let moved = 0;
    for (let moves = 0; moves < MOVES_MAX && sent() === 0; moves++) {
      moved += await run.brokers.moveLeaders([run.eventsTopic, run.auditTopic]);
      await pause(REFUSED_WITHIN_MS);
    }
    if (moved === 0) throw new Error("no leader moved");
    if (sent() === 0) throw new Error(`${moved} leaders moved, but no worker sent to the one before`);
    return {
      seen: `${moved} partitions got another leader; ${sent()} batches were sent to the one before, and again`,
      figures: { movedLeaders: moved, sentToOldLeaders: sent() },
    };
  },
};
