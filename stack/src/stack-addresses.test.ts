import { execFileSync } from "node:child_process";
import { describe, expect, it } from "@jest/globals";
import { freePorts, takenPorts } from "./free-ports.js";
import { environmentOf, exportLines } from "./stack-addresses.js";
import { layOut } from "./stack-layout.js";

describe("the environment of a stack", () => {
  it("names each server", () => {
    const layout = layOut({ brokers: 1, redisNodes: 3 }, [1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(environmentOf("/d", layout)).toEqual({
      LASTKNOWN_KAFKA_BROKERS: "127.0.0.1:1",
      LASTKNOWN_REDIS_NODES: "127.0.0.1:3,127.0.0.1:5,127.0.0.1:7",
      LASTKNOWN_REGISTRY_URL: "http://127.0.0.1:9/apis/ccompat/v7",
      LASTKNOWN_STACK_DIRECTORY: "/d",
    });
  });

  it("comes through a shell's eval whole", () => {
    const value = 'it\'s $HOME `x` "y"\\';
    const printed = execFileSync("sh", ["-c", `eval "$1"; printf %s "$A"`, "sh", exportLines({ A: value })]);
    expect(printed.toString()).toBe(value);
  });
});

describe("free ports", () => {
  it("are as many as asked for, all different, none taken, all below those that Redis refuses", async () => {
    const ports = await freePorts(30);
    expect(new Set(ports).size).toBe(30);
    expect(Math.max(...ports)).toBeLessThan(32_768);
    expect(await takenPorts(ports)).toEqual([]);
  });
});
