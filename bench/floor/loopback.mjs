// What a connection on this machine allows, Node at both ends: a thread of its own answers.

import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

const THREAD = fileURLToPath(new URL("loopback-thread.mjs", import.meta.url));
const SECONDS = 2;
const CHUNK = Buffer.alloc(64 * 1024);
const BYTE = Buffer.alloc(1);
/** Of the first byte, which says what is to be done with the others. */
const ECHO = Buffer.from("e");
const SINK = Buffer.from("s");

/** @returns {Promise<{ roundTripMicros: number, mbPerSecond: number }>} */
export async function loopback() {
  const thread = new Worker(THREAD);
  try {
    const [port] = await once(thread, "message");
    return { roundTripMicros: await roundTrip(port), mbPerSecond: await streamed(port) };
  } finally {
    await thread.terminate();
  }
}

/** µs of one byte there and back, one after the other: the median is not told, as sum and count are exact. */
async function roundTrip(port) {
  const socket = await connected(port, ECHO);
  let count = 0;
  const startedMs = performance.now();
  const done = new Promise((resolve, reject) => {
    socket.on("error", reject).on("data", () => {
      count++;
      if (performance.now() - startedMs >= SECONDS * 1000) resolve(performance.now() - startedMs);
      else socket.write(BYTE);
    });
  });
  socket.write(BYTE);
  const tookMs = await done;
  socket.destroy();
  return (tookMs * 1000) / count;
}

async function streamed(port) {
  const socket = await connected(port, SINK);
  const startedMs = performance.now();
  let bytes = 0;
  while (performance.now() - startedMs < SECONDS * 1000) {
    bytes += CHUNK.length;
    if (!socket.write(CHUNK)) await once(socket, "drain");
  }
  const tookMs = performance.now() - startedMs;
  socket.destroy();
  return bytes / 2 ** 20 / (tookMs / 1000);
}

async function connected(port, what) {
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  await once(socket, "connect");
  socket.write(what);
  return socket;
}
