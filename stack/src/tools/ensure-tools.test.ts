import { describe, expect, it } from "@jest/globals";
import { missingTools, toolsMissing } from "./ensure-tools.js";
import { javaMajorOf, redisMajorOf } from "./tool-versions.js";

describe("the versions", () => {
  it.each([
    [`openjdk version "17.0.15" 2025-04-15`, 17],
    [`openjdk version "21" 2023-09-19`, 21],
    [`java version "1.8.0_412"`, 8],
    ["command not found", undefined],
  ])("of Java are read from %s", (answer, major) => {
    expect(javaMajorOf(answer)).toBe(major);
  });

  it("of Redis are read from the server's answer, not from the checker's that shares its binary", () => {
    expect(redisMajorOf("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64")).toBe(7);
    expect(redisMajorOf("redis-check-rdb 7.0.15")).toBeUndefined();
  });
});

describe("missing tools", () => {
  const redisServer = { command: "redis-server", argv0: "redis-server" };

  it("are named, Maven only where it is needed", () => {
    const found = { java: "java", maven: undefined, redisServer: undefined, redisCli: "redis-cli" };
    expect(missingTools(found, false)).toEqual(["redis"]);
    expect(missingTools(found, true)).toEqual(["maven", "redis"]);
    expect(missingTools({ ...found, redisServer }, false)).toEqual([]);
  });

  it("are told with the exact commands and exit code 2", () => {
    const error = toolsMissing(["java", "redis"]);
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain(
      "sudo apt-get update && sudo apt-get install -y --no-install-recommends openjdk-17-jdk-headless redis-tools\n",
    );
    expect(error.message).not.toContain("maven");
  });
});
