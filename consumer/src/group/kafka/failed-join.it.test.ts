import { createRequire } from "node:module";
import { afterEach, expect, test } from "@jest/globals";
import { silentLogger } from "@lastknown/shared";
import { eventually } from "../../eventually.js";
import { TestFleet } from "../../test-fleet.js";
import type { GroupListener } from "../worker-group.js";
import { KafkaWorkerGroup } from "./kafka-worker-group.js";

/** What kafkajs says of a broker that hangs: of the request to it, and of the connections that wait for one. */
class UnansweredError extends Error {
  override readonly name: "KafkaJSRequestTimeoutError" | "KafkaJSLockTimeout";
  readonly retriable: boolean;

  constructor(name: "KafkaJSRequestTimeoutError" | "KafkaJSLockTimeout") {
    super("no answer");
    this.name = name;
    this.retriable = name === "KafkaJSRequestTimeoutError";
  }
}

/** A coordinator's answer, as kafkajs passes it on. */
class RefusedError extends Error {
  override readonly name = "KafkaJSProtocolError";
  readonly retriable = true;
  readonly type: string;

  constructor(type: string) {
    super(type);
    this.type = type;
  }
}

type Call = (this: object, request: object) => Promise<unknown>;
const { prototype: broker } = createRequire(import.meta.url)("kafkajs/src/broker/index.js") as {
  prototype: Record<"findGroupCoordinator" | "heartbeat" | "joinGroup" | "syncGroup", Call>;
};
const restorations: (() => void)[] = [];

afterEach(() => {
  for (const restore of restorations.splice(0)) restore();
});

/** Has the next such calls answered with a refusal of this type. */
function refuseNext(name: keyof typeof broker, type: string, calls = 1): void {
  failNext(name, new RefusedError(type), calls);
}

function failNext(name: keyof typeof broker, error: Error, calls = 1): void {
  const call = broker[name];
  const restore = (): void => void (broker[name] = call);
  restorations.push(restore);
  let left = calls;
  broker[name] = async () => {
    if (--left === 0) restore();
    throw await Promise.resolve(error);
  };
}

interface Member {
  readonly group: KafkaWorkerGroup;
  /** What it was told, the newest last. */
  readonly heard: string[];
}

/** Gives the test a member of a fleet of its own, which has not joined yet. */
async function asMember(test: (member: Member) => Promise<void>): Promise<void> {
  const fleet = new TestFleet({ partitions: 2 });
  await fleet.create();
  const group = new KafkaWorkerGroup({
    settings: fleet.settings.kafka,
    membership: { sessionTimeoutMs: 6000, heartbeatIntervalMs: 200 },
    group: fleet.names.workerGroup,
    topic: fleet.names.eventsTopic,
    logger: silentLogger,
  });
  try {
    await test({ group, heard: [] });
  } finally {
    await group.leave();
    await fleet.remove();
  }
}

function listener(heard: string[]): GroupListener {
  return {
    assigned: (_generation, partitions) => heard.push(`assigned ${partitions.length}`),
    revoked: (lost) => heard.push(lost === undefined ? "revoked" : `lost: ${lost.message}`),
    failed: () => heard.push("failed"),
  };
}

// What a coordinator just elected answers while it loads its groups; after it the old generation is as good as ever.
test.each(["joinGroup", "syncGroup"] as const)(
  "a member whose %s failed gets its partitions back",
  async (step) => {
    await asMember(async ({ group, heard }) => {
      await group.join(listener(heard));
      // A coordinator's first group may have to wait until it is there, and that is heard too.
      await eventually("assigned", () => heard.at(-1) === "assigned 2");
      const before = heard.length;
      refuseNext(step, "GROUP_LOAD_IN_PROGRESS");
      refuseNext("heartbeat", "NOT_COORDINATOR_FOR_GROUP");
      await eventually("revoked", () => heard.length > before);
      await eventually("assigned again", () => heard.at(-1) === "assigned 2");
      expect(heard.slice(before)).not.toContain("failed");
    });
  },
  60_000,
);

// As where the coordinator hangs. The one that is asked again and again would hang still; the group has another by then.
test.each([
  ["a heartbeat", "heartbeat", "KafkaJSRequestTimeoutError"],
  ["a heartbeat's connection", "heartbeat", "KafkaJSLockTimeout"],
  ["a join", "joinGroup", "KafkaJSRequestTimeoutError"],
  ["a join's connection", "joinGroup", "KafkaJSLockTimeout"],
] as const)(
  "a member that gets no answer to %s says why, and joins anew",
  async (_what, step, name) => {
    await asMember(async ({ group, heard }) => {
      await group.join(listener(heard));
      await eventually("assigned", () => heard.at(-1) === "assigned 2");
      const before = heard.length;
      failNext(step, new UnansweredError(name));
      if (step !== "heartbeat") refuseNext("heartbeat", "NOT_COORDINATOR_FOR_GROUP");
      await eventually("lost", () => heard.slice(before).includes("lost: no answer"));
      await eventually("assigned again", () => heard.at(-1) === "assigned 2");
      expect(heard.slice(before)).not.toContain("failed");
    });
  },
  60_000,
);

test("a first join that gets no connection is tried again", async () => {
  await asMember(async ({ group, heard }) => {
    failNext("joinGroup", new UnansweredError("KafkaJSLockTimeout"));
    await group.join(listener(heard));
    await eventually("assigned", () => heard.at(-1) === "assigned 2");
    expect(heard).not.toContain("failed");
  });
}, 60_000);

// As where the question, or its answer, gets lost.
test("a member that no broker tells its coordinator goes on asking, at its first join and later", async () => {
  await asMember(async ({ group, heard }) => {
    refuseNext("findGroupCoordinator", "REQUEST_TIMED_OUT", 4);
    await group.join(listener(heard));
    await eventually("assigned", () => heard.at(-1) === "assigned 2");
    const before = heard.length;
    refuseNext("findGroupCoordinator", "REQUEST_TIMED_OUT", 4);
    refuseNext("heartbeat", "NOT_COORDINATOR_FOR_GROUP");
    await eventually("revoked", () => heard.length > before);
    await eventually("assigned again", () => heard.at(-1) === "assigned 2");
    refuseNext("findGroupCoordinator", "REQUEST_TIMED_OUT", 4);
    await expect(group.committed()).resolves.toEqual(new Map());
    expect(heard).not.toContain("failed");
  });
}, 60_000);
