import { spawnSync } from "node:child_process";
import { expect, jest, test } from "@jest/globals";
import type { connectRedis } from "@lastknown/shared";
import { ProgressWatch } from "./progress-watch.js";

/** The built file: only a process of its own shows what becomes of a rejection that nobody handles. */
const BUILT = new URL("../../../dist/demo/redis/progress-watch.js", import.meta.url).href;

const ABANDONED = `
  import { ProgressWatch } from ${JSON.stringify(BUILT)};
  const redis = { get: () => Promise.reject(new Error("Connection is closed.")) };
  new ProgressWatch(redis, "fleet", new Set([0])).start();
  setTimeout(() => process.stdout.write("still there"), 50);
`;

test("a watch that nobody stops does not end the process when its connection is closed", () => {
  const args = ["--input-type=module", "--eval", ABANDONED];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", timeout: 30_000 });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "still there", stderr: "" });
});

test("stopping a watch tells why it could not look", async () => {
  const get = jest.fn(() => Promise.reject(new Error("Connection is closed.")));
  const redis = { get } as unknown as ReturnType<typeof connectRedis>;
  const watch = new ProgressWatch(redis, "fleet", new Set([0]));
  watch.start();
  await expect(watch.stop()).rejects.toThrow("Connection is closed.");
});
