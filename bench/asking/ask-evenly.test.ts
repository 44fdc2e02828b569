import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "@jest/globals";
import { askEvenly } from "./ask-evenly.mjs";

const LOAD = { seconds: 0.5, perSecond: 200 };

function connectionsThatTake(ms: number, count: number) {
  const paths: string[] = [];
  const ask = async (path: string): Promise<number> => {
    paths.push(path);
    await sleep(ms);
    return 200;
  };
  return { paths, connections: Array.from({ length: count }, () => ({ ask })) };
}

it("asks each question once and in order, whoever is free", async () => {
  const { paths, connections } = connectionsThatTake(5, 4);
  const { perSecond, unanswered } = await askEvenly(connections, String, LOAD);
  expect(paths).toEqual(Array.from({ length: paths.length }, (_, index) => String(index)));
  expect(perSecond * LOAD.seconds + unanswered).toBeCloseTo(100);
});

it("lets who cannot follow be seen to have kept all waiting", async () => {
  // A hundred questions in half a second, of which one connection takes ten.
  const { connections } = connectionsThatTake(50, 1);
  const { waits, unanswered, perSecond } = await askEvenly(connections, String, LOAD);
  expect(perSecond).toBeLessThan(25);
  expect(unanswered).toBeGreaterThan(80);
  expect(waits.count).toBe(100);
  expect(waits.p50).toBeGreaterThan(150);
});

it("fails with a connection", async () => {
  const ask = () => Promise.reject(new Error("closed"));
  await expect(askEvenly([{ ask }], String, LOAD)).rejects.toThrow("closed");
});

it("counts answers of other kinds by their status", async () => {
  const { failed } = await askEvenly([{ ask: () => Promise.resolve(503) }], String, LOAD);
  expect(Object.keys(failed)).toEqual(["503"]);
});
