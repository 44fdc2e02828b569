import { describe, expect, it, test } from "@jest/globals";
import { KafkaRefusedError, KafkaUnavailableError, UnknownTopicError } from "../kafka/index.js";
import { createMetrics } from "../metrics/index.js";
import { RedisUnavailableError } from "../redis/index.js";
import { EmptiedRegistryError, RegistryUnavailableError } from "../registry/index.js";
import { serverErrorKind } from "./server-error-kind.js";
import { ServerErrors } from "./server-errors.js";

const wrongPassword = Object.assign(new Error("WRONGPASS invalid username-password pair"), {
  name: "ReplyError",
});

describe("what a call to a server failed at", () => {
  test.each([
    [new KafkaUnavailableError(["b"], "answer"), "unavailable"],
    [new KafkaRefusedError(["b"], "answer", { cause: new Error("wrong login") }), "refused"],
    [new UnknownTopicError("events"), "emptied"],
    [new RedisUnavailableError("r:1", new Error("no answer")), "unavailable"],
    [new RedisUnavailableError("r:1", wrongPassword), "refused"],
    [wrongPassword, "refused"],
    [new RegistryUnavailableError("http://r", "hung"), "unavailable"],
    [new RegistryUnavailableError("http://r", "denied", { status: 403 }), "refused"],
    [new EmptiedRegistryError(7, 1), "emptied"],
    [new TypeError("ours"), undefined],
  ])("%s", (error, kind) => {
    expect(serverErrorKind(error)).toBe(kind);
  });

  it("is counted by server, and what tells nothing of it is not", async () => {
    const metrics = createMetrics();
    const errors = new ServerErrors(metrics, ["kafka", "redis"]);
    errors.count("redis", "refused");
    errors.count("redis", undefined);
    const lines = (await metrics.text()).split("\n").filter((line) => line.startsWith("lastknown_"));
    expect(lines).toEqual([
      'lastknown_server_errors_total{server="kafka",kind="unavailable"} 0',
      'lastknown_server_errors_total{server="kafka",kind="refused"} 0',
      'lastknown_server_errors_total{server="kafka",kind="emptied"} 0',
      'lastknown_server_errors_total{server="redis",kind="unavailable"} 0',
      'lastknown_server_errors_total{server="redis",kind="refused"} 1',
      'lastknown_server_errors_total{server="redis",kind="emptied"} 0',
    ]);
  });
});
