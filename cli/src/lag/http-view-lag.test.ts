import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { HttpViewLag } from "./http-view-lag.js";

async function lagTold(health: object, host = "127.0.0.1"): Promise<number | null> {
  const server = createServer((_request, response) => response.end(JSON.stringify(health)));
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  try {
    const { port } = server.address() as AddressInfo;
    return await new HttpViewLag({ host, port }, "buses").lagRecords();
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("the lag that a query service tells", () => {
  test.each(["127.0.0.1", "0.0.0.0", "::1", "::"])("is found where it listens on %s", async (host) => {
    expect(await lagTold({ fleet: "buses", view: { lagRecords: 3 } }, host)).toBe(3);
  });

  test("is null where it does not know, and where it is another fleet's", async () => {
    expect(await lagTold({ fleet: "buses", view: { lagRecords: null } })).toBeNull();
    expect(await lagTold({ fleet: "trams", view: { lagRecords: 3 } })).toBeNull();
  });
});
