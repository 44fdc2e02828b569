import { createRequire } from "node:module";
import { afterEach, expect, test } from "@jest/globals";
import { silentLogger } from "@lastknown/shared";
import { eventually } from "../../eventually.js";
import { TestFleet } from "../../test-fleet.js";
import { KafkaWorkerGroup } from "./kafka-worker-group.js";

/** A coordinator's answer, as kafkajs passes it on. */
class RefusedError extends Error {
  readonly retriable = true;
  readonly type: string;

  constructor(type: string) {
    super(type);
    this.type = type;
  }
}

type Call = (this: object, request: object) => Promise<unknown>;
const { prototype: broker } = createRequire(import.meta.url)("kafkajs/src/broker/index.js") as {
  prototype: Record<"heartbeat" | "joinGroup" | "syncGroup", Call>;
};
const restorations: (() => void)[] = [];

afterEach(() => {
  for (const restore of restorations.splice(0)) restore();
});

/** Has the next such call answered with this error. */
function refuseNext(name: keyof typeof broker, type: string): void {
  const call = broker[name];
  const restore = (): void => void (broker[name] = call);
  restorations.push(restore);
  broker[name] = async () => {
    restore();
    throw await Promise.resolve(new RefusedError(type));
  };
}

// What a coordinator just elected answers while it loads its groups; after it the old generation is as good as ever.
test.each(["joinGroup", "syncGroup"] as const)(
  "a member whose %s failed gets its partitions back",
  async (step) => {
    const fleet = new TestFleet({ partitions: 2 });
    await fleet.create();
    const heard: string[] = [];
    const group = new KafkaWorkerGroup({
      settings: fleet.settings.kafka,
      membership: { sessionTimeoutMs: 6000, heartbeatIntervalMs: 200 },
      group: fleet.names.workerGroup,
      topic: fleet.names.eventsTopic,
      logger: silentLogger,
    });
    try {
      await group.join({
        assigned: (_generation, partitions) => heard.push(`assigned ${partitions.length}`),
        revoked: () => heard.push("revoked"),
        failed: () => heard.push("failed"),
      });
      // A coordinator's first group may have to wait until it is there, and that is heard too.
      await eventually("assigned", () => heard.at(-1) === "assigned 2");
      const before = heard.length;
      refuseNext(step, "GROUP_LOAD_IN_PROGRESS");
      refuseNext("heartbeat", "NOT_COORDINATOR_FOR_GROUP");
      await eventually("revoked", () => heard.length > before);
      await eventually("assigned again", () => heard.at(-1) === "assigned 2");
      expect(heard.slice(before)).not.toContain("failed");
    } finally {
      await group.leave();
      await fleet.remove();
    }
  },
  60_000,
);
