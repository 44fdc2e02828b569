import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { type ListedServers, StateFile } from "../state-file.js";
import { endServers } from "./end-servers.js";
import { isRunning, type ServerIdentity } from "./server-identity.js";

/** What the reaper is told on its command line, as JSON. */
export interface ReapOrder {
  readonly directory: string;
  /** Whether the folder goes too. */
  readonly removeDirectory: boolean;
  /** The stack also goes when this program does (npm, say); null for none. */
  readonly watched: ServerIdentity | null;
}

/** The owner writes this to say that the stack shall stay, or has been stopped already. */
export const RELEASE = "release";

const WATCH_EVERY_MS = 250;
/** A server that was just being started may appear in the list, or write into its folder, a moment later. */
const ROUNDS = 3;
const BETWEEN_ROUNDS_MS = 500;

/**
 * Waits until the owner's end of `input` is closed (which its death does, however it dies) or the watched program
 * is gone, then ends all that the stack's state file lists.
 * @returns how many servers were ended; none after a release.
 */
export async function reap(order: ReapOrder, input: NodeJS.ReadableStream): Promise<number> {
  const released = await ownerIsGone(input, order.watched);
  return released ? 0 : reapNow(order);
}

async function reapNow(order: ReapOrder): Promise<number> {
  let ended = 0;
  for (let round = 1; round <= ROUNDS; round += 1) {
    const listed = new StateFile<ListedServers>(order.directory).read()?.servers ?? {};
    const servers = Object.values(listed).filter(isRunning);
    await endServers(servers, 0);
    ended += servers.length;
    if (round < ROUNDS) await sleep(BETWEEN_ROUNDS_MS);
  }
  if (order.removeDirectory) await rm(order.directory, { recursive: true, force: true, maxRetries: 5 });
  return ended;
}

function ownerIsGone(input: NodeJS.ReadableStream, watched: ServerIdentity | null): Promise<boolean> {
  return new Promise((resolve) => {
    let received = "";
    const watch = setInterval(() => {
      if (watched !== null && !isRunning(watched)) end();
    }, WATCH_EVERY_MS);
    const end = (): void => {
      clearInterval(watch);
      resolve(received.includes(RELEASE));
    };
    input.on("data", (chunk: Buffer) => {
      received += chunk.toString("utf8");
    });
    input.once("end", end);
    input.once("error", end);
    input.once("close", end);
  });
}
