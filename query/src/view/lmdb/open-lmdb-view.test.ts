import { mkdir, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open as openRootOf, type RootDatabase } from "lmdb";
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import {
  LATEST_MICROS,
  newFleetRecord,
  silentLogger,
  type FleetRecord,
  type Logger,
} from "@lastknown/shared";
import { arrivalFor, batchOf, TEST_SKEW } from "../arrival-for-test.js";
import { ViewDamagedError, ViewUnwritableError, type ViewStore } from "../view-store.js";
import { failTransactions } from "./failing-transactions-for-test.js";
import { orderKey, seenKey } from "./keys.js";
import { openLmdbView } from "./open-lmdb-view.js";

/** LMDB can read a spoilt page for ever: then the probe ends after its 20 s and the 15 that it has beyond them. */
jest.setTimeout(90_000);

const FLEET = newFleetRecord(4, TEST_SKEW);
const PAGE_BYTES = 4096;

describe("the view's folder", () => {
  let dataDirectory: string;
  let warnings: string[];

  beforeEach(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), "lastknown-view-"));
    warnings = [];
  });

  afterEach(() => rm(dataDirectory, { recursive: true }));

  const openView = (fleet: FleetRecord = FLEET, probeReadMsMax = { quick: 5_000, thorough: 20_000 }) => {
    const logger: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) };
    return openLmdbView({ dataDirectory, fleet, logger, probeReadMsMax });
  };
  const data = () => join(dataDirectory, "view", "data.mdb");
  const overwrite = async (from: number, length: number): Promise<void> => {
    const file = await open(data(), "r+");
    await file.write(Buffer.alloc(length, 0x5a), 0, length, from);
    await file.close();
  };
  const fill = async (count = 300): Promise<void> => {
    const store = await openView();
    const users = Array.from({ length: count }, (_, index) => `user ${index}`);
    store.fold(
      batchOf(
        users.map((user, offset) => arrivalFor({ user, offset })),
        { nextOffset: 300, schemas: [{ schemaId: 1, text: '{"type":"record"}' }] },
      ),
    );
    await store.close();
  };

  test("is found again as it was closed", async () => {
    await fill();
    const store = await openView();
    expect(store.position(0)).toEqual({ nextOffset: 300, sourceEnd: 300 });
    expect(store.arrival("user 7", 7)).toEqual(arrivalFor({ user: "user 7", offset: 7 }));
    await store.close();
    expect(warnings).toEqual([]);
  });

  test("of another fleet is refused and left alone", async () => {
    await fill();
    const other = newFleetRecord(4, TEST_SKEW);
    await expect(openView(other)).rejects.toThrow(`fleet id ${other.id} here and ${FLEET.id} there`);
    const store = await openView();
    expect(store.position(0).nextOffset).toBe(300);
    await store.close();
  });

  test.each([
    ["holds nothing but garbage", () => overwrite(0, 200 * PAGE_BYTES)],
    [
      "has garbage in the middle",
      async () => overwrite(((await readFile(data())).length >> 1) & ~(PAGE_BYTES - 1), 8 * PAGE_BYTES),
    ],
    ["is cut off", async () => truncate(data(), (await readFile(data())).length >> 1)],
    ["is a text", () => writeFile(data(), "not a database")],
    ["is empty", () => truncate(data(), 0)],
    ["has no fleet record", () => rm(join(dataDirectory, "view", "fleet.json"))],
    ["has half a fleet record", () => truncate(join(dataDirectory, "view", "fleet.json"), 20)],
    [
      "has another layout",
      () =>
        writeFile(
          join(dataDirectory, "view", "fleet.json"),
          JSON.stringify({
            layout: 0,
            fleet: JSON.stringify({
              id: FLEET.id,
              partitions: 4,
              max_future_skew_micros: TEST_SKEW,
              layout: 1,
            }),
          }),
        ),
    ],
    [
      "was open when the machine went down",
      () => writeFile(join(dataDirectory, "view", "opened.json"), '{"boot":"an earlier one","starts":1}'),
    ],
  ])("that %s is set aside and rebuilt", async (_how, damage: () => Promise<void>) => {
    await fill();
    await damage();
    const store = await openView();
    expect(store.position(0)).toEqual({ nextOffset: 0, sourceEnd: 0 });
    expect(store.fold(batchOf([arrivalFor({ user: "a", offset: 1 })]))).toHaveLength(1);
    await store.close();
    expect(warnings).toEqual(["view set aside, building a new one"]);
    expect((await readdir(dataDirectory)).filter((name) => name.startsWith("view.damaged-"))).toHaveLength(1);
  });

  describe("with one changed bit", () => {
    const seven = arrivalFor({ user: "user 7", offset: 7 });
    const eight = arrivalFor({ user: "user 8", offset: 8 });
    /** Flips a bit at a distance from where the bytes begin, in each of the pages that hold them. */
    const flip = async (found: Buffer, distance: number): Promise<void> => {
      const bytes = await readFile(data());
      for (let at = bytes.indexOf(found); at !== -1; at = bytes.indexOf(found, at + 1)) {
        bytes.writeUInt8(bytes.readUInt8(at + distance) ^ 4, at + distance);
      }
      await writeFile(data(), bytes);
    };

    test.each([
      ["the event", seven.body, 20, (store: ViewStore) => store.arrival("user 7", 7)],
      ["the greatest order so far", seven.body, -30, (store: ViewStore) => [...store.bySource("user 7", 8)]],
      ["the schema id", seven.body, -1, (store: ViewStore) => [...store.latestReceived("user 7")]],
      [
        "an order",
        orderKey(8, eight),
        30,
        (store: ViewStore) => [...store.byOrder("user 8", { orderTimeMax: LATEST_MICROS })],
      ],
      [
        "where an event was first seen",
        seenKey(7, seven.order.eventId),
        seenKey(7, seven.order.eventId).length + 3,
        (store: ViewStore) => [...store.bySource("user 7", 0)],
      ],
      ["a schema", Buffer.from('{"type":"record"}'), 3, (store: ViewStore) => store.schemaText(1)],
      [
        "a user's number",
        Buffer.from("user 9"),
        Buffer.from("user 9").length + 3,
        (store: ViewStore) => store.hasUser("user 9"),
      ],
    ])(
      "in %s is not believed, nor anything else then, and built anew at the next opening",
      async (_what, found: Buffer, distance: number, read: (store: ViewStore) => unknown) => {
        await fill();
        await flip(found, distance);
        const store = await openView();
        expect(store.damage).toBeUndefined();
        expect(() => read(store)).toThrow(ViewDamagedError);
        expect(store.damage?.message).toMatch(/^the view is damaged: an entry of its table/);
        expect(() => store.arrival("user 3", 3)).toThrow(ViewDamagedError);
        expect(() => store.position(0)).toThrow(ViewDamagedError);
        expect(() => store.fold(batchOf([], { nextOffset: 301 }))).toThrow(ViewDamagedError);
        await store.close();
        const rebuilt = await openView();
        expect(rebuilt.position(0)).toEqual({ nextOffset: 0, sourceEnd: 0 });
        await rebuilt.close();
        expect(warnings).toEqual(["view set aside, building a new one"]);
      },
    );
  });

  describe("that LMDB gives up as it is opened", () => {
    const logger: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) };
    /** The first so many openings fail. */
    const openFailing = (failing: number, code = -30_782) => {
      let openings = 0;
      const openRoot = (path: string): RootDatabase<Buffer, Buffer> => {
        const binary = { encoding: "binary", keyEncoding: "binary" } as const;
        const root = openRootOf<Buffer, Buffer>({ path, maxDbs: 9, noSync: true, ...binary });
        if (++openings <= failing) failTransactions(root, code);
        return root;
      };
      return openLmdbView({ dataDirectory, fleet: FLEET, logger, openRoot });
    };

    test("once is opened again, as it was", async () => {
      await fill();
      const store = await openFailing(1);
      expect(store.position(0)).toEqual({ nextOffset: 300, sourceEnd: 300 });
      expect(store.fold(batchOf([arrivalFor({ user: "a", offset: 1 })]))).toHaveLength(1);
      await store.close();
      expect(warnings).toEqual(["view cannot be written at its opening"]);
    });

    test("twice is damaged, and built anew at the next opening", async () => {
      await fill();
      await expect(openFailing(2)).rejects.toThrow(ViewDamagedError);
      const store = await openView();
      expect(store.position(0)).toEqual({ nextOffset: 0, sourceEnd: 0 });
      await store.close();
    });

    test("for want of room is told as that, and counts as no crash", async () => {
      await fill();
      for (let starts = 0; starts < 4; starts++) {
        await expect(openFailing(1, 28)).rejects.toThrow(ViewUnwritableError);
      }
      const store = await openView();
      expect(store.position(0).nextOffset).toBe(300);
      await store.close();
      expect(warnings).toEqual([]);
    });
  });

  test("is set aside beside itself, also in a folder that is named by a dot", async () => {
    await fill();
    await rm(join(dataDirectory, "view", "fleet.json"));
    const before = process.cwd();
    process.chdir(dataDirectory);
    try {
      const store = await openLmdbView({ dataDirectory: ".", fleet: FLEET, logger: silentLogger });
      await store.close();
    } finally {
      process.chdir(before);
    }
    const names = await readdir(dataDirectory);
    expect(names.filter((name) => name.startsWith("view.damaged-"))).toHaveLength(1);
    expect(names).toHaveLength(2);
  });

  test("is read as a whole after a process ended with it open, however long ago that had opened it", async () => {
    await fill(5_000);
    await overwrite(((await readFile(data())).length >> 1) & ~(PAGE_BYTES - 1), 8 * PAGE_BYTES);
    // So little that nothing is found.
    const noTime = { quick: 0, thorough: 20_000 };
    const opened = join(dataDirectory, "view", "opened.json");
    const killed = await openView(FLEET, noTime);
    await writeFile(opened, (await readFile(opened, "utf8")).replace(/"starts":\d+/, '"starts":0'));
    const leftOpen = await readFile(opened);
    await killed.close();
    expect(warnings).toEqual([]);
    await writeFile(opened, leftOpen);
    const rebuilt = await openView(FLEET, noTime);
    expect(rebuilt.position(0).nextOffset).toBe(0);
    await rebuilt.close();
    expect(warnings).toEqual(["view set aside, building a new one"]);
  });

  test("that was left open by a killed process is trusted, unless that happens again and again", async () => {
    await fill();
    const opened = join(dataDirectory, "view", "opened.json");
    await (await openView()).close();
    const boot = async (): Promise<string> => {
      const store = await openView();
      const text = await readFile(opened, "utf8");
      await store.close();
      return (JSON.parse(text) as { boot: string }).boot;
    };
    const now = await boot();
    await writeFile(opened, JSON.stringify({ boot: now, starts: 2 }));
    const trusted = await openView();
    expect(trusted.position(0).nextOffset).toBe(300);
    await trusted.close();
    await writeFile(opened, JSON.stringify({ boot: now, starts: 3 }));
    const rebuilt = await openView();
    expect(rebuilt.position(0).nextOffset).toBe(0);
    await rebuilt.close();
  });

  test("cannot be written by two at once: the later one has it", async () => {
    const first = await openView();
    const second = await openView();
    expect(() => first.fold(batchOf([arrivalFor({ user: "a", offset: 1 })]))).toThrow(
      "another query service",
    );
    expect(second.fold(batchOf([arrivalFor({ user: "a", offset: 1 })]))).toHaveLength(1);
    await second.close();
    await first.close();
  });

  test("that was removed while it was open costs no more than itself", async () => {
    await fill();
    const store = await openView();
    await rm(dataDirectory, { recursive: true });
    expect(store.reportDamage("of a kind")).toBe(store.damage);
    await store.close();
    const anew = await openView();
    expect(anew.position(0).nextOffset).toBe(0);
    await rm(dataDirectory, { recursive: true });
    await anew.close();
    expect(warnings).toEqual(Array.from({ length: 2 }, () => "view's folder cannot be written"));
    await mkdir(dataDirectory);
  });

  test("that cannot be written is told with the fix", async () => {
    const file = join(dataDirectory, "a-file");
    await writeFile(file, "");
    const opening = openLmdbView({ dataDirectory: file, fleet: FLEET, logger: silentLogger });
    await expect(opening).rejects.toMatchObject({ fix: expect.stringContaining("LASTKNOWN_DATA_DIRECTORY") });
  });
});
