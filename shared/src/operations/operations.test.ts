import { describe, expect, it } from "@jest/globals";
import { FatalError } from "../errors/index.js";
import { silentLogger } from "../logging/index.js";
import { createMetrics } from "../metrics/index.js";
import { answerOperations, type Operations } from "./answer-operations.js";
import { Tolerated, type CheckResult } from "./checks.js";
import { startOperationsServer } from "./operations-server.js";

function operations(part: Partial<Operations> = {}): Operations {
  return { metrics: createMetrics(), live: {}, ready: {}, ...part };
}

describe("answerOperations", () => {
  it("is live and ready where no check fails", async () => {
    expect(await answerOperations(operations(), "GET", "/livez")).toMatchObject({
      status: 200,
      body: "ok\n",
    });
    expect(await answerOperations(operations(), "GET", "/readyz")).toMatchObject({
      status: 200,
      body: "ok\n",
    });
  });

  it("names each ready check where it is asked to, and wherever one fails", async () => {
    const ready = { kafka: () => undefined, redis: async () => await Promise.resolve("refused") };
    const failed = await answerOperations(operations({ ready }), "GET", "/readyz");
    expect(failed).toMatchObject({ status: 503, body: "[+]kafka ok\n[-]redis failed: refused\nfailed\n" });
    const well = await answerOperations(
      operations({ ready: { kafka: () => undefined } }),
      "GET",
      "/readyz?verbose",
    );
    expect(well).toMatchObject({ status: 200, body: "[+]kafka ok\nok\n" });
  });

  it("stays ready without a server that it can do without, and names it where it is asked to", async () => {
    const tolerated = { redis: () => "refused", kafka: () => undefined };
    const service = operations({ ready: { view: () => undefined }, tolerated });
    expect(await answerOperations(service, "GET", "/readyz")).toMatchObject({ status: 200, body: "ok\n" });
    expect(await answerOperations(service, "GET", "/readyz?verbose")).toMatchObject({
      status: 200,
      body: "[+]view ok\n[-]redis failed, tolerated: refused\n[+]kafka ok\nok\n",
    });
  });

  it("stays ready where a check tolerates what it found, and tells it at its place", async () => {
    const ready = { registry: () => new Tolerated("away"), redis: (): CheckResult => undefined };
    const service = operations({ ready });
    expect(await answerOperations(service, "GET", "/readyz")).toMatchObject({ status: 200, body: "ok\n" });
    expect(await answerOperations(service, "GET", "/readyz?verbose")).toMatchObject({
      status: 200,
      body: "[-]registry failed, tolerated: away\n[+]redis ok\nok\n",
    });
    ready.redis = () => "refused";
    expect(await answerOperations(service, "GET", "/readyz")).toMatchObject({
      status: 503,
      body: "[-]registry failed, tolerated: away\n[-]redis failed: refused\nfailed\n",
    });
  });

  it("is not ready while a check throws, rejects or hangs, and says which", async () => {
    const ready = {
      throws: () => {
        throw new Error("boom");
      },
      rejects: async () => await Promise.reject(new Error("bang")),
      hangs: async () => await new Promise<undefined>(() => undefined),
    };
    const answer = await answerOperations(operations({ ready }), "GET", "/readyz");
    expect(answer.status).toBe(503);
    expect(answer.body).toContain(
      "[-]throws failed: boom\n[-]rejects failed: bang\n[-]hangs failed: no answer within 800 ms\n",
    );
  });

  it("is not live where the process itself is stuck, whatever ready says", async () => {
    const stuck = operations({ live: { loop: () => "no record moved" } });
    expect(await answerOperations(stuck, "GET", "/livez")).toMatchObject({
      status: 503,
      body: "[-]loop failed: no record moved\nfailed\n",
    });
    expect((await answerOperations(stuck, "GET", "/readyz")).status).toBe(200);
  });

  it("never asks the ready checks for liveness", async () => {
    let asked = 0;
    const ready = { redis: () => void (asked += 1) };
    await answerOperations(operations({ ready }), "GET", "/livez?verbose");
    expect(asked).toBe(0);
  });

  it("gives the metrics in Prometheus' form", async () => {
    const answer = await answerOperations(operations(), "GET", "/metrics");
    expect(answer.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(answer.body).toContain("process_resident_memory_bytes");
  });

  it("refuses other paths and methods", async () => {
    expect((await answerOperations(operations(), "GET", "/")).status).toBe(404);
    expect((await answerOperations(operations(), "POST", "/livez")).status).toBe(405);
  });
});

describe("startOperationsServer", () => {
  const options = { ...operations(), host: "127.0.0.1", logger: silentLogger };

  it("answers over HTTP on the port that it tells, and not once it is closed", async () => {
    const server = await startOperationsServer({ ...options, port: 0 });
    const url = `http://127.0.0.1:${server.port}/livez`;
    const answer = await fetch(url);
    expect([answer.status, await answer.text()]).toEqual([200, "ok\n"]);
    await server.close();
    await expect(fetch(url)).rejects.toThrow();
  });

  it("says what to do where its port is taken", async () => {
    const first = await startOperationsServer({ ...options, port: 0 });
    const second = startOperationsServer({ ...options, port: first.port });
    await expect(second).rejects.toBeInstanceOf(FatalError);
    await expect(second).rejects.toThrow(/EADDRINUSE/);
    await first.close();
  });
});
