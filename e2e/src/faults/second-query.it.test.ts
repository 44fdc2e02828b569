import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { TestFleet } from "../harness/test-fleet.js";
import { waitUntil } from "../harness/wait-until.js";

jest.setTimeout(180_000);

describe("two query services on one data directory", () => {
  let fleet: TestFleet;
  const seconds: ReturnType<TestFleet["start"]>[] = [];
  const ports = ["--query-port", "0", "--operations-port", "0"];
  const second = (): ReturnType<TestFleet["start"]> => {
    const started = fleet.start(["query", ...ports, "--data-directory", `${fleet.folder}/view`]);
    seconds.push(started);
    return started;
  };

  beforeAll(async () => {
    fleet = await TestFleet.create({ prefix: "second-query" });
  });

  afterAll(async () => {
    for (const one of seconds) await one.kill("SIGKILL");
    await fleet?.close();
  });

  it("refuses the second in one line, leaves the first, and takes the next once that is killed", async () => {
    const first = await fleet.startQuery("view");
    const refused = second();
    expect(await refused.ended).toEqual({ exitCode: 2, signal: null });
    const lines = refused.stderr.end(Infinity).trim().split("\n");
    expect(lines).toEqual([expect.stringContaining(`(pid ${first.process.pid})`)]);
    expect(lines[0]).toContain("another --data-directory");
    expect(await first.status("/readyz")).toBe(200);

    await first.process.kill("SIGKILL");
    const next = await fleet.startQuery("view");
    expect(await next.status("/readyz")).toBe(200);
    expect(await next.stop()).toMatchObject({ exitCode: 143 });
  });

  it("lets exactly one go on of those that start at once", async () => {
    const started = Array.from({ length: 3 }, second);
    const running = (): typeof started => started.filter((one) => one.running);
    const isOne = (): Promise<true | undefined> => Promise.resolve(running().length <= 1 ? true : undefined);
    await waitUntil(isOne, { what: "all but one to end", boundMs: 60_000 });
    expect(running()).toHaveLength(1);
    for (const one of running()) await one.stop(20_000);
    const exitCodes = await Promise.all(started.map(async (one) => (await one.ended).exitCode));
    expect(exitCodes.toSorted((a, b) => Number(a) - Number(b))).toEqual([2, 2, 143]);
  });
});
