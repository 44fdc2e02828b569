import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import {
  AUDIT_ENTRY_SCHEMA,
  auditEntryKey,
  AuditEntryEncoder,
  evolveEventSchema,
  FatalError,
  MemoryLog,
  RegistryUnavailableError,
  schemaCopyKey,
  silentLogger,
  UnknownSchemaError,
  type SchemaRegistry,
} from "@lastknown/shared";
import { eventually } from "../eventually.js";
import { Patience } from "../faults/patience.js";
import { MemorySchemaCopies } from "../schemas/memory/memory-schema-copies.js";
import { WriterSchemas } from "./writer-schemas.js";

const OLD = evolveEventSchema(undefined, [{ header: "speed", type: "double" }]).text;
const NEW = evolveEventSchema(undefined, [{ header: "colour", type: "string" }]).text;
const AUDIT = "fleet.audit";
const AUDIT_SCHEMA_ID = 9;
const NEVER = new AbortController().signal;

/** A registry whose answer for id 1 a test chooses; "away" does not answer, and "emptied" knows nothing. */
class ChangingRegistry implements Pick<SchemaRegistry, "textById"> {
  one: string | undefined = OLD;
  isAway = false;
  isEmptied = false;
  asked = 0;

  textById(id: number): Promise<string> {
    this.asked++;
    if (this.isAway) return Promise.reject(new RegistryUnavailableError("http://test", "away"));
    if (id === AUDIT_SCHEMA_ID && !this.isEmptied) return Promise.resolve(AUDIT_ENTRY_SCHEMA);
    if (id !== 1 || this.one === undefined || this.isEmptied)
      return Promise.reject(new UnknownSchemaError(id));
    return Promise.resolve(this.one);
  }
}

describe("the writers' schemas", () => {
  let registry: ChangingRegistry;
  let copies: MemorySchemaCopies;
  let log: MemoryLog;
  const watches: WriterSchemas[] = [];
  afterEach(() => watches.splice(0).forEach((schemas) => schemas.stopWatch()));
  beforeEach(() => {
    registry = new ChangingRegistry();
    copies = new MemorySchemaCopies();
    log = new MemoryLog({ topics: { [AUDIT]: 2 } });
  });

  /** As a worker that was just started has them. */
  const afresh = (): WriterSchemas =>
    new WriterSchemas({
      registry: registry as unknown as SchemaRegistry,
      copies,
      reader: log,
      auditTopic: AUDIT,
      auditSchemaId: AUDIT_SCHEMA_ID,
      patience: new Patience({ delayMs: 1, delayMaxMs: 2, logger: silentLogger }),
      logger: silentLogger,
      checkIntervalMs: 1,
    });
  /** The same, and looks at the registry all the time. */
  const watched = (): WriterSchemas => {
    const schemas = afresh();
    schemas.startWatch();
    watches.push(schemas);
    return schemas;
  };
  const textOf = async (schemas: WriterSchemas): Promise<string | undefined> => {
    const schema = (await schemas.ofIds([1], NEVER)).get(1);
    return schema?.kind === "known" ? schema.text : schema?.kind;
  };
  const copyOf = (partition: number, text: string) => {
    return { partition, key: schemaCopyKey(1), value: Buffer.from(text) };
  };

  test("come from the registry once, and from then on also where it is away or has forgotten them", async () => {
    expect(await textOf(afresh())).toBe(OLD);
    registry.isAway = true;
    expect(await textOf(afresh())).toBe(OLD);
    registry.isAway = false;
    registry.one = undefined;
    expect(await textOf(afresh())).toBe(OLD);
  });

  test("are unknown only where neither the registry nor the audit has them", async () => {
    registry.one = undefined;
    expect(await textOf(afresh())).toBe("unknown");
    expect(await copies.textById(1)).toBeUndefined();
  });

  test("wait for a registry that is away where the audit has no copy", async () => {
    registry.isAway = true;
    const schemas = afresh();
    const waiting = textOf(schemas);
    await eventually("asked again", () => registry.asked > 2);
    registry.isAway = false;
    expect(await waiting).toBe(OLD);
  });

  test("wait for a registry that was emptied where the audit has no copy", async () => {
    registry.isEmptied = true;
    const waiting = textOf(afresh());
    await eventually("asked again", () => registry.asked > 6);
    registry.isEmptied = false;
    expect(await waiting).toBe(OLD);
  });

  test("are untold where the registry alone knows them and is away, and it is asked no more than once", async () => {
    const schemas = afresh();
    registry.isAway = true;
    expect(await schemas.untold([1], NEVER)).toEqual(new Set([1]));
    expect(registry.asked).toBe(1);
    const ended = new AbortController();
    const told = schemas.told(1, ended.signal);
    await eventually("asked again", () => registry.asked > 2);
    ended.abort(new Error("given up"));
    await expect(told).rejects.toThrow("given up");
    registry.isAway = false;
    expect(await schemas.untold([1], NEVER)).toEqual(new Set());
    registry.isAway = true;
    expect(await schemas.untold([1], NEVER)).toEqual(new Set());
  });

  test("stop a worker that starts when the registry has given the id to another schema", async () => {
    await textOf(afresh());
    registry.one = NEW;
    await expect(textOf(afresh())).rejects.toThrow("schema 1 has another text in the registry");
    await expect(textOf(afresh())).rejects.toBeInstanceOf(FatalError);
  });

  test("stop a worker that knows the schema already, within a batch or two", async () => {
    const schemas = watched();
    await textOf(schemas);
    registry.one = NEW;
    const stopped = async (): Promise<boolean> => {
      return await textOf(schemas).then(
        () => false,
        (error: unknown) => error instanceof FatalError,
      );
    };
    await eventually("stopped", stopped);
  });

  test("go on where the registry is away, which is told for as long as it is", async () => {
    const schemas = watched();
    await textOf(schemas);
    expect(schemas.registryAway).toBeUndefined();
    registry.isAway = true;
    await eventually("told", () => schemas.registryAway !== undefined);
    expect(schemas.registryAway).toContain("the schema registry at http://test does not answer (away)");
    expect(await textOf(schemas)).toBe(OLD);
    registry.isAway = false;
    await eventually("is back", () => schemas.registryAway === undefined);
    registry.one = undefined;
    const { asked } = registry;
    await eventually("asked again", () => registry.asked > asked + 1);
    expect(schemas.registryAway).toBeUndefined();
  });

  test("tell of a registry that is away also where none has been used yet", async () => {
    registry.isAway = true;
    const schemas = watched();
    await eventually("told", () => schemas.registryAway !== undefined);
    registry.isAway = false;
    // It knows no schema of that id, and says so itself.
    await eventually("is back", () => schemas.registryAway === undefined);
  });

  test("are taken from the audit where Redis has lost them, and so is the id of the audit's own schema", async () => {
    const entry = new AuditEntryEncoder(7).encode({
      partition: 1,
      offset: 0,
      appendedAtMs: 0,
      schemaId: 1,
      event: Buffer.alloc(30),
    });
    await log.append(AUDIT, [
      copyOf(1, OLD),
      { partition: 1, key: auditEntryKey("u", 1, 0, "0".repeat(32)), value: entry },
    ]);
    registry.one = undefined;
    const schemas = afresh();
    await schemas.prepare(NEVER);
    expect([await textOf(schemas), await copies.auditSchemaId()]).toEqual([OLD, 7]);
  });

  test("are kept anew by a worker that knows them when Redis has lost them", async () => {
    const schemas = afresh();
    await schemas.prepare(NEVER);
    await textOf(schemas);
    copies.lose();
    await schemas.prepare(NEVER);
    expect(await copies.textById(1)).toBe(OLD);
  });

  test("end it where the audit itself has two texts for an id", async () => {
    await log.append(AUDIT, [copyOf(0, OLD), copyOf(1, NEW)]);
    await expect(afresh().prepare(NEVER)).rejects.toThrow("schema 1 has another text at 1/0");
  });

  test("do not read the audit again once the store has all of it", async () => {
    await afresh().prepare(NEVER);
    await log.append(AUDIT, [copyOf(0, OLD), copyOf(1, NEW)]);
    await afresh().prepare(NEVER);
    expect(await copies.textById(1)).toBeUndefined();
  });
});
