import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

/** As many partitions as a worker may append to at once; node takes more than ten listeners for a leak. */
const CALLS = 64;

test("many calls that wait to try again are not taken for a leak", () => {
  const built = (path: string): string =>
    JSON.stringify(fileURLToPath(new URL(`../../dist/${path}`, import.meta.url)));
  // Node's warnings reach only its own process object, not the one that a test is given.
  const code = `
    import { silentLogger } from ${built("logging/index.js")};
    import { loadSettings } from ${built("settings/index.js")};
    import { BrokerConnections } from ${built("kafka/broker-connections.js")};
    import { PartitionError } from ${built("kafka/kafka-fault.js")};
    const { kafka: settings } = loadSettings({ environment: {} });
    const connections = new BrokerConnections({ settings, logger: silentLogger });
    const noLeader = () => Promise.reject(new PartitionError("events", 0, 5));
    const calls = Array.from({ length: ${CALLS} }, () => connections.call("events", "answer", 0, noLeader));
    const settled = Promise.allSettled(calls);
    setImmediate(() => connections.close());
    console.log((await settled).map(({ status }) => status).join(" "));`;
  const ran = spawnSync(process.execPath, ["--input-type=module", "-e", code], { encoding: "utf8" });
  expect(ran.stderr).toBe("");
  expect(ran.stdout.trim().split(" ")).toEqual(Array.from({ length: CALLS }, () => "rejected"));
});
