// The real servers that the tests run against: a stack of this run's own, or one that runs already.

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../bootstrap.mjs";
import { say } from "../say.mjs";

const ADDRESSES = ["LASTKNOWN_KAFKA_BROKERS", "LASTKNOWN_REGISTRY_URL", "LASTKNOWN_REDIS_NODES"];

/**
 * @param {boolean} useRunning take the addresses of the environment, where they are all set
 * @returns {Promise<{ environment: NodeJS.ProcessEnv, stop: () => Promise<void> }>} the environment for the tests
 */
export async function startTestServers(useRunning) {
  if (useRunning && ADDRESSES.every((name) => process.env[name])) {
    say(`using the servers at ${ADDRESSES.map((name) => process.env[name]).join(" ")}`);
    return { environment: process.env, stop: async () => undefined };
  }
  const { parentToWatch, startStack } = await import(join(root, "stack/dist/index.js"));
  const stack = await startStack({
    directory: await mkdtemp(join(tmpdir(), "lastknown-test-stack-")),
    temporary: true,
    watched: parentToWatch(),
    onProgress: say,
  });
  return { environment: { ...process.env, ...stack.environment }, stop: () => stack.stop() };
}
