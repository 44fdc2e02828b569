import { describe, expect, jest, test } from "@jest/globals";
import {
  KafkaUnavailableError,
  RedisUnavailableError,
  RegistryUnavailableError,
  silentLogger,
} from "@lastknown/shared";
import { StatesUnavailableError } from "../states/state-store.js";
import { Patience } from "./patience.js";

const patience = (): Patience => new Patience({ delayMs: 1, delayMaxMs: 2, logger: silentLogger });
/** Of a server that is away, before it answers. */
const TRIES = 20;
const never = new AbortController().signal;

describe("patience", () => {
  test.each([
    new KafkaUnavailableError(["b"], "answer"),
    new RegistryUnavailableError("http://r", "refused"),
    new StatesUnavailableError("no answer"),
    new RedisUnavailableError("r:1", new Error("no answer")),
  ])("tries again after a fault of a server: %s", async (fault) => {
    const patient = patience();
    const seen: string[][] = [];
    let tries = 0;
    const answer = await patient.outlast("redis", never, () => {
      seen.push(patient.waitingOn());
      return ++tries < 4 ? Promise.reject(fault) : Promise.resolve("served");
    });
    expect([answer, tries, patient.waitingOn()]).toEqual(["served", 4, []]);
    expect(seen).toEqual([[], ["redis"], ["redis"], ["redis"]]);
  });

  test("tells of each call that failed, by server and what it failed at", async () => {
    const told: unknown[] = [];
    const onError = (...error: unknown[]): void => void told.push(error);
    const patient = new Patience({ delayMs: 1, delayMaxMs: 2, onError, logger: silentLogger });
    const wrongLogin = Object.assign(new Error("WRONGPASS"), { name: "ReplyError" });
    const faults: Error[] = [
      new StatesUnavailableError("no answer"),
      new StatesUnavailableError("did not serve", { cause: wrongLogin }),
    ];
    await patient.outlast("redis", never, () => {
      const fault = faults.shift();
      return fault === undefined ? Promise.resolve() : Promise.reject(fault);
    });
    const away = (): Promise<void> => Promise.reject(new RegistryUnavailableError("http://r", "away"));
    await expect(patient.once("registry", away)).rejects.toThrow("away");
    patient.wait("kafka", new KafkaUnavailableError(["b"], "answer"))();
    expect(told).toEqual([
      ["redis", "unavailable"],
      ["redis", "refused"],
      ["registry", "unavailable"],
      ["kafka", "unavailable"],
    ]);
  });

  test("does not hide any other error, and tries it once", async () => {
    let tries = 0;
    const failing = (): Promise<void> => {
      tries++;
      return Promise.reject(new TypeError("unforeseen"));
    };
    await expect(patience().outlast("kafka", never, failing)).rejects.toThrow("unforeseen");
    expect(tries).toBe(1);
  });

  test("ends with the signal's reason, also while it waits, and waits for nobody then", async () => {
    const ending = new AbortController();
    const patient = new Patience({ delayMs: 60_000, delayMaxMs: 60_000, logger: silentLogger });
    let reached: () => void = () => undefined;
    const tried = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const waiting = patient.outlast("kafka", ending.signal, () => {
      reached();
      return Promise.reject(new KafkaUnavailableError(["b"], "answer"));
    });
    await tried;
    ending.abort(new Error("over"));
    await expect(waiting).rejects.toThrow("over");
    expect(patient.waitingOn()).toEqual([]);
  }, 5000);

  test("takes the end of an attempt that was given up, as by our own close, for no fault of its server", async () => {
    const ending = new AbortController();
    const warned: string[] = [];
    const logger = { ...silentLogger, warn: (message: string) => void warned.push(message) };
    const patient = new Patience({ delayMs: 1, delayMaxMs: 2, logger });
    let close: () => void = () => undefined;
    const closed = new Promise<never>((_resolve, reject) => {
      close = () => reject(new KafkaUnavailableError(["b"], "answer, as the client was closed"));
    });
    const waiting = patient.outlast("kafka", ending.signal, () => closed);
    ending.abort(new Error("over"));
    await expect(waiting).rejects.toThrow("over");
    close();
    await new Promise(setImmediate);
    expect([warned, patient.waitingOn()]).toEqual([[], []]);
  });

  test("where it shall notice, waits also for a server that only is silent, and tells that it serves", async () => {
    const lines: unknown[] = [];
    const note = (message: string, fields?: object): void => void lines.push([message, fields]);
    const logger = { ...silentLogger, warn: note, info: note };
    const patient = new Patience({ delayMs: 1, delayMaxMs: 2, noticeAfterMs: 5, logger });
    let answer: (text: string) => void = () => undefined;
    const waiting = patient.outlast("kafka", never, () => {
      return new Promise<string>((resolve) => {
        answer = resolve;
      });
    });
    while (patient.waitingOn().length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(lines).toEqual([["waiting for a server", { server: "kafka" }]]);
    answer("served");
    expect([await waiting, patient.waitingOn()]).toEqual(["served", []]);
    expect(lines.at(-1)).toEqual(["server serves again", { server: "kafka" }]);
  });

  test("counts one attempt as a wait while it takes long, and makes no other", async () => {
    const patient = new Patience({ delayMs: 1, delayMaxMs: 2, noticeAfterMs: 5, logger: silentLogger });
    let fail: () => void = () => undefined;
    const asked = patient.once("registry", () => {
      return new Promise<never>((_resolve, reject) => {
        fail = () => reject(new RegistryUnavailableError("http://test", "away"));
      });
    });
    while (patient.waitingOn().length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    expect(patient.waitingOn()).toEqual(["registry"]);
    fail();
    await expect(asked).rejects.toThrow("away");
    expect(patient.waitingOn()).toEqual([]);
  });

  test("pauses between tries for longer each time, by chance, and never for longer than it may", async () => {
    const random = jest.spyOn(Math, "random");
    const pauses: number[] = [];
    const real = globalThis.setTimeout;
    const timer = jest.spyOn(globalThis, "setTimeout").mockImplementation(((
      work: () => void,
      ms?: number,
    ) => {
      if (ms !== undefined) pauses.push(ms);
      return real(work, 0);
    }) as typeof setTimeout);
    let tries = 0;
    const patient = new Patience({ delayMs: 100, delayMaxMs: 1000, logger: silentLogger });
    await patient.outlast("kafka", never, () => {
      if (++tries <= TRIES) return Promise.reject(new KafkaUnavailableError(["b"], "answer"));
      return Promise.resolve();
    });
    timer.mockRestore();
    expect(random).toHaveBeenCalled();
    random.mockRestore();
    expect(pauses).toHaveLength(TRIES);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(1000);
    // Of the last ones, each at about the longest, no two are the same but by chance.
    expect(Math.max(...pauses.slice(-10))).toBeGreaterThan(300);
    expect(new Set(pauses.slice(-10)).size).toBeGreaterThan(3);
  });
});
