import { fork } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "@jest/globals";
import { silentLogger } from "@lastknown/shared";
import { eventually } from "../../eventually.js";
import { TestFleet } from "../../test-fleet.js";
import { KafkaWorkerGroup } from "./kafka-worker-group.js";

/** The group waits for its frozen member for so long. */
const SESSION_MS = 8000;
/** Until well after the join that was left has been answered. */
const ANSWERED_MS = 15_000;

test("a member that leaves while it waits to join does not come back", async () => {
  const fleet = new TestFleet({ partitions: 1 });
  await fleet.create();
  const flags = {
    fleet: fleet.names.fleet,
    partitions: "1",
    "operations-port": "0",
    "worker-session-timeout-ms": String(SESSION_MS),
  };
  const killable = new URL("../../../killable-worker.mjs", import.meta.url);
  const frozen = fork(killable, [JSON.stringify(flags)], { stdio: "inherit" });
  try {
    await eventually("a member", async () => (await fleet.groupMembers()) === 1);
    // Its join is answered before its assignment.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    frozen.kill("SIGSTOP");

    const heard: string[] = [];
    const group = new KafkaWorkerGroup({
      settings: fleet.settings.kafka,
      membership: { sessionTimeoutMs: SESSION_MS, heartbeatIntervalMs: 1000 },
      group: fleet.names.workerGroup,
      topic: fleet.names.eventsTopic,
      logger: silentLogger,
    });
    const joined = group.join({
      assigned: () => heard.push("assigned"),
      revoked: () => heard.push("revoked"),
      failed: () => heard.push("failed"),
    });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const left = group.leave();
    await new Promise((resolve) => setTimeout(resolve, ANSWERED_MS));
    expect(heard).toEqual([]);
    await Promise.all([joined, left]);
  } finally {
    frozen.kill("SIGKILL");
    await once(frozen, "exit");
    await fleet.remove();
  }
}, 60_000);
