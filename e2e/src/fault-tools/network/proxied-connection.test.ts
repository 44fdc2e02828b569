import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const ENDS_WITHIN_MS = 20_000;

test("a connection that is reset while its end is on the way lets the program end", () => {
  const built = (file: string): string =>
    JSON.stringify(fileURLToPath(new URL(`../../../dist/fault-tools/network/${file}`, import.meta.url)));
  // Node waits for what it has not closed only when the program itself is at its end.
  const code = `
    import { connect, createServer } from "node:net";
    import { once } from "node:events";
    import { FaultsInForce } from ${built("faults-in-force.js")};
    import { ProxiedConnection } from ${built("proxied-connection.js")};
    import { noCounts } from ${built("proxy-counts.js")};
    const listener = createServer({ allowHalfOpen: true }, (socket) => socket.on("error", () => undefined).resume());
    await once(listener.listen(0, "127.0.0.1"), "listening");
    const open = async () => {
      const socket = connect({ port: listener.address().port, host: "127.0.0.1", allowHalfOpen: true });
      await once(socket, "connect");
      return socket;
    };
    const [client, server] = [await open(), await open()];
    const counts = noCounts();
    const connection = new ProxiedConnection({
      client, server, counts, protocol: "plain", faults: new FaultsInForce(1), onClosed: () => listener.close(),
    });
    client.emit("end");
    connection.reset();
    console.log(counts.resets);`;
  const ran = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    encoding: "utf8",
    timeout: ENDS_WITHIN_MS,
  });
  expect(ran.stderr).toBe("");
  expect([ran.stdout, ran.signal, ran.status]).toEqual(["1\n", null, 0]);
});
