import { afterEach, expect, it } from "@jest/globals";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { AnswersClient } from "./answers-client.js";

let server: Server;
let requests: number;

async function clientOf(answer: RequestListener): Promise<AnswersClient> {
  requests = 0;
  server = createServer((request, response) => {
    requests++;
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return new AnswersClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it("asks again when the connection ends before an answer", async () => {
  const client = await clientOf((request, response) => {
    if (requests === 1) request.socket.destroy();
    else response.end('{"user":"ann"}');
  });
  expect(await client.ask("ann")).toMatchObject({ status: 200, body: { user: "ann" } });
  expect(requests).toBe(2);
});

it("gives up when the second connection ends so, too", async () => {
  const client = await clientOf((request) => request.socket.destroy());
  await expect(client.ask("ann")).rejects.toThrow("fetch failed");
  expect(requests).toBe(2);
});

it("takes an answer that was cut off for a fault", async () => {
  const client = await clientOf((request, response) => {
    response.writeHead(200, { "content-length": "100" });
    response.write('{"user":');
    setImmediate(() => request.socket.destroy());
  });
  await expect(client.ask("ann")).rejects.toThrow("terminated");
  expect(requests).toBe(1);
});
