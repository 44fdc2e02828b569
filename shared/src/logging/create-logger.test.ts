import { describe, expect, it } from "@jest/globals";
import { Writable } from "node:stream";
import { FatalError } from "../errors/index.js";
import { Secret } from "../settings/secret.js";
import { createLogger, type LogForm } from "./create-logger.js";
import type { Logger } from "./logger.js";

/** A logger with what it wrote. */
function open(
  form: Partial<LogForm> = {},
  terminal?: { colours: boolean },
): { logger: Logger; text: () => string } {
  let text = "";
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString();
      done();
    },
  });
  if (terminal !== undefined) Object.assign(stream, { isTTY: true, hasColors: () => terminal.colours });
  const logger = createLogger({ level: "info", format: "auto", ...form }, { component: "worker", stream });
  return { logger, text: () => text };
}

async function linesOf(text: () => string): Promise<Record<string, unknown>[]> {
  await new Promise(setImmediate);
  return text()
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe("createLogger", () => {
  it("writes one JSON object a line with time, level, component and the facts", async () => {
    const { logger, text } = open();
    logger.child({ partition: 3 }).info("partition assigned", { offset: 17 });
    const [line] = await linesOf(text);
    expect(line).toMatchObject({
      level: "info",
      message: "partition assigned",
      component: "worker",
      partition: 3,
      offset: 17,
    });
    expect(line?.["time"]).toMatch(/^\d{4}-\d{2}-\d{2}T.*Z$/);
  });

  it("keeps the message constant, even where a fact has its name", async () => {
    const { logger, text } = open();
    logger.warn("constant", { message: "other", level: "debug", time: 0, fact: "multi\nline" });
    const [line] = await linesOf(text);
    expect(line).toMatchObject({ level: "warn", message: "constant", fact: "multi\nline" });
  });

  it("writes what is as bad as its level or worse", async () => {
    const { logger, text } = open({ level: "warn" });
    for (const level of ["debug", "info", "warn", "error"] as const) logger[level](level);
    expect((await linesOf(text)).map((line) => line["message"])).toEqual(["warn", "error"]);
  });

  it("shows an error's causes, code, fix and stack", async () => {
    const { logger, text } = open();
    const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    logger.error("failed", { error: new FatalError("no answer", { fix: "start it", cause }) });
    const [line] = await linesOf(text);
    expect(line?.["error"]).toMatchObject({
      name: "FatalError",
      message: "no answer",
      fix: "start it",
      cause: { message: "refused", code: "ECONNREFUSED" },
    });
  });

  it("survives rings, big integers, bytes and what JSON leaves out", async () => {
    const { logger, text } = open();
    const ring: Record<string, unknown> = {};
    ring["self"] = ring;
    const error = new Error("ring");
    error.cause = error;
    logger.info("odd", {
      ring,
      error,
      big: 2n ** 64n,
      bytes: Buffer.alloc(1000, 0xab),
      absent: undefined,
      map: new Map([[1, 2]]),
    });
    const [line] = await linesOf(text);
    expect(line).toMatchObject({ big: "18446744073709551616", absent: null, map: { 1: 2 } });
    expect(line?.["bytes"]).toMatch(/^(ab){64}… \(1000 bytes\)$/);
  });

  it("never shows a secret", async () => {
    for (const format of ["json", "pretty"] as const) {
      const { logger, text } = open({ format });
      logger.info("settings", {
        password: new Secret("hunter2"),
        redis: { password: new Secret("hunter2") },
      });
      await new Promise(setImmediate);
      expect(text()).toContain("(set)");
      expect(text()).not.toContain("hunter2");
    }
  });

  it("is pretty on a terminal, with colours only where the terminal takes them", async () => {
    const coloured = open({}, { colours: true });
    const plain = open({}, { colours: false });
    for (const { logger } of [coloured, plain]) logger.warn("slow", { ms: 12, topic: "events" });
    await new Promise(setImmediate);
    expect(plain.text()).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} warn {2}slow component=worker ms=12 topic=events\n$/,
    );
    expect(coloured.text()).toContain("\u001b[33mwarn");
  });
});
