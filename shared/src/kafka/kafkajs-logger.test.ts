import { afterEach, beforeEach, expect, it, jest } from "@jest/globals";
import kafkajs, { type LogEntry } from "kafkajs";
import { silentLogger, type LogFields, type Logger } from "../logging/index.js";
import { kafkajsLogCreator, type KafkajsLogLevels } from "./kafkajs-logger.js";

const { ERROR, INFO, WARN } = kafkajs.logLevel;

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

let lines: Line[];

beforeEach(() => {
  lines = [];
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

function clientLog(levels: KafkajsLogLevels = "as-warnings"): (log: object, level?: number) => void {
  const take =
    (level: string) =>
    (message: string, fields?: LogFields): void =>
      void lines.push({ level, message, fields });
  const logger: Logger = { ...silentLogger, debug: take("debug"), warn: take("warn") };
  const log = kafkajsLogCreator(logger, levels)();
  return (facts, level = ERROR) => {
    const entry = { timestamp: "now", logger: "kafkajs", ...facts } as unknown as LogEntry["log"];
    log({ namespace: "Connection", level, label: "", log: entry });
  };
}

const levelsOfLines = (): string[] => lines.map(({ level }) => level);

it("leaves out stacks, wherever an error stands", () => {
  const log = clientLog();
  log({ message: new Error("no answer"), stack: "at here", error: new Error("refused"), retryCount: 2 });
  const fields = { namespace: "Connection", reason: "no answer", error: "refused", retryCount: 2 };
  expect(lines).toEqual([{ level: "warn", message: "kafka client reported a fault", fields }]);
});

it("warns of the same once in 10 s, whatever the numbers and ids in it", () => {
  const log = clientLog();
  log({ message: "member a-6f1c2b6e-0a2b-4c3d-8e9f-0123456789ab: connect 127.0.0.1:9092" });
  jest.advanceTimersByTime(9_999);
  log({ message: "member a-11111111-ffff-4c3d-8e9f-0123456789ab: connect 127.0.0.1:9093" });
  expect(levelsOfLines()).toEqual(["warn", "debug"]);
  jest.advanceTimersByTime(1);
  log({ message: "member a-6f1c2b6e-0a2b-4c3d-8e9f-0123456789ab: connect 127.0.0.1:9092" }, WARN);
  expect(levelsOfLines()).toEqual(["warn", "debug", "warn"]);
});

it("warns of each reason, and for each client", () => {
  const [log, other] = [clientLog(), clientLog()];
  log({ message: "closed" });
  log({ message: "refused" });
  other({ message: "closed" });
  expect(levelsOfLines()).toEqual(["warn", "warn", "warn"]);
});

it("forgets the oldest of very many reasons", () => {
  const log = clientLog();
  const reasons = Array.from({ length: 101 }, (_, index) => "x".repeat(index + 1));
  for (const message of reasons) log({ message });
  log({ message: reasons[100] });
  log({ message: reasons[0] });
  expect(levelsOfLines().slice(101)).toEqual(["debug", "warn"]);
});

it("warns of nothing else", () => {
  clientLog()({ message: "joined" }, INFO);
  clientLog("as-debug")({ message: "closed" });
  expect(levelsOfLines()).toEqual(["debug", "debug"]);
});
