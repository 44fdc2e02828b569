import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import {
  evolveEventSchema,
  IncompatibleSchemaError,
  MemoryLog,
  MemorySchemaRegistry,
  parseEventSchema,
  silentLogger,
  type SchemaRegistry,
} from "@lastknown/shared";
import { OvertakenRegistry } from "./overtaken-registry-for-test.js";
import { runReplay } from "./replay.js";

const TOPIC = "t.events";
const SUBJECT = "t.events-value";

describe("replays that add columns at the same moment", () => {
  let directory: string;
  let registry: MemorySchemaRegistry;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "racing-"));
    registry = new MemorySchemaRegistry();
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const replay = async (rows: string, through: SchemaRegistry = registry, file?: "-") => {
    const path = file ?? join(directory, `${randomUUID()}.csv`);
    if (file === undefined) writeFileSync(path, rows);
    const appender = new MemoryLog({ topics: { [TOPIC]: 1 } });
    const target = { appender, registry: through, topic: TOPIC, subject: SUBJECT, partitions: 1 };
    const stdin = Readable.from([Buffer.from(rows)]);
    return await runReplay({ file: path, speed: "max" }, { target, logger: silentLogger, stdin });
  };
  const columns = async (): Promise<Record<string, string>> => {
    const latest = parseEventSchema((await registry.latest(SUBJECT))?.text ?? "");
    return Object.fromEntries(latest.columns.map(({ header, type }) => [header, type]));
  };
  /** Another registers a new column of this name, of these values, before our first registration. */
  const overtakenBy = (rows: string): OvertakenRegistry =>
    new OvertakenRegistry(registry, async (registration) => {
      if (registration === 1) await replay(rows);
    });

  it.each([undefined, "-" as const])(
    "take the other's type for a column new in both (file %s)",
    async (file) => {
      const overtaken = overtakenBy("user,ts,level\nu,1,high\n");
      const summary = await replay("user,ts,level,speed\nu,1,1,5\n", overtaken, file);
      expect(summary).toMatchObject({ published: 1, rejected: 0, exitCode: 0 });
      expect(overtaken.registrations).toBe(2);
      expect(await columns()).toEqual({ level: "string", speed: "double" });
    },
  );

  it("are told the column and both types where the values do not fit", async () => {
    const losing = replay("user,ts,level\nu,1,high\n", overtakenBy("user,ts,level\nu,1,1\n"));
    await expect(losing).rejects.toMatchObject({
      message: 'column "level" was double in earlier events and is now string',
      exitCode: 2,
    });
  });

  it("hold all columns, though a file took long to read after the first look at the registry", async () => {
    let looks = 0;
    const slow = new OvertakenRegistry(registry, () => Promise.resolve());
    slow.latest = async (subject) => {
      const latest = await registry.latest(subject);
      if (++looks === 1) await replay("user,ts,theirs\nu,1,1\n");
      return latest;
    };
    await replay("user,ts,ours\nu,1,1\n", slow);
    expect(await columns()).toEqual({ theirs: "double", ours: "double" });
  });

  it("give up after a few attempts, and at once where nobody came in between", async () => {
    const always = new OvertakenRegistry(registry, async (registration) => {
      const added = Array.from({ length: registration }, (_, index) => ({
        header: `x${index}`,
        type: "double" as const,
      }));
      await registry.register(SUBJECT, evolveEventSchema(undefined, added).text);
      throw new IncompatibleSchemaError(SUBJECT, "another was first");
    });
    await expect(replay("user,ts,level\nu,1,1\n", always)).rejects.toThrow(IncompatibleSchemaError);
    expect(always.registrations).toBe(5);

    const never = new OvertakenRegistry(registry, () =>
      Promise.reject(new IncompatibleSchemaError(SUBJECT, "an older version has it otherwise")),
    );
    await expect(replay("user,ts,level\nu,1,1\n", never)).rejects.toThrow(IncompatibleSchemaError);
    expect(never.registrations).toBe(1);
  });
});
