import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

/** Ports of this machine on which nobody listens now. All are held until all are found, so no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  try {
    for (const server of servers) {
      server.listen({ port: 0, host: "127.0.0.1" });
      await once(server, "listening");
    }
    return servers.map((server) => (server.address() as AddressInfo).port);
  } finally {
    for (const server of servers) server.close();
  }
}
