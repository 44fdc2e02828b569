import { randomInt } from "node:crypto";
import { createServer, type Server } from "node:net";
import { StackError } from "./stack-error.js";
import { HOST } from "./stack-layout.js";
import { hasErrorCode } from "./error-code.js";

/** Below the range from which the system takes ports for outgoing connections, and Redis takes no higher ones. */
const PORT_MIN = 12_000;
const PORT_MAX = 31_999;
const TRIES_PER_PORT_MAX = 50;

/** Ports on which nobody listens now. All are held until all are found, so no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const held: Server[] = [];
  try {
    const ports: number[] = [];
    for (let tries = 0; ports.length < count; tries += 1) {
      if (tries > count * TRIES_PER_PORT_MAX)
        throw new StackError("start", `no ${count} free ports on ${HOST}`);
      const port = randomInt(PORT_MIN, PORT_MAX + 1);
      const server = await listen(port);
      if (server === undefined) continue;
      held.push(server);
      ports.push(port);
    }
    return ports;
  } finally {
    await Promise.all(held.map(close));
  }
}

/** Of these ports, those on which somebody listens. */
export async function takenPorts(ports: readonly number[]): Promise<number[]> {
  const taken: number[] = [];
  for (const port of ports) {
    const server = await listen(port);
    if (server === undefined) taken.push(port);
    else await close(server);
  }
  return taken;
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => {
      if (hasErrorCode(error, "EADDRINUSE", "EACCES")) resolve(undefined);
      else reject(error);
    });
    server.listen({ port, host: HOST, exclusive: true }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
