import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  evolveEventSchema,
  FatalError,
  fleetNames,
  frame,
  MemoryLog,
  MemorySchemaRegistry,
} from "@lastknown/shared";
import { requireSameRegistry } from "./require-same-registry.js";

const names = fleetNames("f");

describe("a replay's registry", () => {
  let log: MemoryLog;
  let registry: MemorySchemaRegistry;
  beforeEach(() => {
    log = new MemoryLog({ topics: { [names.eventsTopic]: 3 } });
    registry = new MemorySchemaRegistry();
  });
  const check = (): Promise<void> => requireSameRegistry({ reader: log, registry, names });
  const append = async (value: Buffer): Promise<void> => {
    await log.append(names.eventsTopic, [{ partition: 1, key: Buffer.from("u"), value }]);
  };

  test("may be empty while the topic is, or holds nothing of ours", async () => {
    await expect(check()).resolves.toBeUndefined();
    await append(Buffer.from("text of somebody else"));
    await expect(check()).resolves.toBeUndefined();
  });

  test("is refused if it is empty and the topic has records of a schema", async () => {
    await append(Buffer.from("text of somebody else"));
    await append(frame(7, Buffer.from("event")));
    await expect(check()).rejects.toThrow(
      "the registry has no schema under f.events-value, and f.events has records of schema 7",
    );
    await expect(check()).rejects.toBeInstanceOf(FatalError);
  });

  test("may be the one that knows the topic's schemas", async () => {
    await append(frame(1, Buffer.from("event")));
    await registry.register(names.eventsSubject, evolveEventSchema(undefined, []).text);
    await expect(check()).resolves.toBeUndefined();
  });
});
