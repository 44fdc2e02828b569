// One full topic, drained by each peer in its turn: the same bytes, on the same servers, under the same meter.

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { say, slowStep } from "../../scripts/say.mjs";
import { fillTopic } from "../phases/fill.mjs";
import { wantedIn } from "../phases/until-visible.mjs";
import { PARTITIONS } from "../processes/bench-fleet.mjs";
import { withAdmin, withReader } from "../visibility/read-records.mjs";
import { drainPeer } from "./drain-peer.mjs";
import { NotBuiltError } from "./not-built.mjs";
import { PEERS } from "./peers.mjs";

const USERS = 50_000;
const FILL_BOUND_MS = 600_000;

/** @returns one run's figures: those of each peer by its name */
export async function runPeers(context) {
  const { fleet, servers, events, peers: names, run, lifetime } = context;
  const newest = await fillTopic(context, { events, users: USERS }, FILL_BOUND_MS);
  const wanted = await wantedIn(fleet);
  const folder = join(servers.stack.directory, `${fleet.name}-peers`);
  await mkdir(folder);
  const results = {};
  await withReader(fleet, async (reader, { eventsTopic }) => {
    for (const name of turned(names, run - 1)) {
      const place = { fleet, servers, reader, folder, eventsTopic, ...namesOf(fleet, name) };
      results[name] = await slowStep(`${fleet.name}: ${name}`, () =>
        resultOf(name, { place, wanted, newest, lifetime }),
      );
    }
  });
  await rm(folder, { recursive: true, force: true });
  const inOrder = Object.fromEntries(names.map((name) => [name, results[name]]));
  // A profile is taken of our own alone.
  const cost = results.lastknown?.cost ?? { roles: {} };
  return { rows: wanted, users: USERS, peers: inOrder, cost };
}

/** Each run begins with another: whoever comes first finds a broker that has not compiled all its code. */
function turned(names, by) {
  const first = by % names.length;
  return [...names.slice(first), ...names.slice(0, first)];
}

/** Where a peer writes: nobody else does. */
function namesOf(fleet, name) {
  const own = `${fleet.name}-${name}`;
  return { own, group: own, prefix: own, auditTopic: `${own}.audit` };
}

/** That one peer cannot be measured must not cost the figures of the others; but it is told, here and in the table. */
async function resultOf(name, { place, lifetime, ...task }) {
  const { title, does, prepare, launch, hasOwnTopics = false } = PEERS[name];
  try {
    const prepared = await prepare?.();
    if (!hasOwnTopics) await createTopic(place);
    return { title, does, ...(await drainPeer(() => launch(place, prepared), { ...task, place, lifetime })) };
  } catch (error) {
    if (lifetime.signal.aborted || name === "lastknown") throw error;
    const isBuilt = !(error instanceof NotBuiltError);
    const failure = isBuilt ? `FAILED: ${error.message}` : `NOT BUILT: ${error.message}`;
    say(`${name} ${failure}`);
    return { title, does, failure };
  }
}

async function createTopic({ fleet, auditTopic }) {
  const topic = { topic: auditTopic, partitions: PARTITIONS, replicationFactor: 1, configuration: {} };
  await withAdmin(fleet, (admin) => admin.createTopics([topic]));
}
