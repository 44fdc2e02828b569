import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { type RunningStack, startStack } from "@lastknown/stack";
import { sampleFile } from "../../faults/sample-file.js";
import { type QueryService, TestFleet } from "../../harness/test-fleet.js";
import { waitUntil } from "../../harness/wait-until.js";
import { complaintsAbout, recompute } from "../../oracle/index.js";
import { canBeMade } from "../cannot-be-made.js";
import { SmallDisk } from "./small-disk.js";

jest.setTimeout(240_000);

const BOUND = { boundMs: 90_000 };
/** Kafka sets aside as much as an index may grow to, twice for each partition. */
const DISK_BYTES = 512 * 1024 * 1024;
const BROKER = "kafka-2";

const PROBE_BYTES = 1024 * 1024;
const itWithDisks = (await canBeMade(
  () => SmallDisk.mount({ bytes: PROBE_BYTES }),
  (disk) => disk.unmount(),
))
  ? it
  : it.skip;

describe("one of three brokers whose disk gets full", () => {
  let stack: RunningStack | undefined;
  let fleet: TestFleet | undefined;
  let query: QueryService | undefined;
  let disk: SmallDisk | undefined;

  beforeAll(async () => {
    const directory = await mkdtemp(join(tmpdir(), "lastknown-full-broker-"));
    stack = await startStack({ directory, temporary: true, brokers: 3, onProgress: () => undefined });
    fleet = await TestFleet.create({ prefix: "full-broker", environment: stack.environment });
    stack.node(BROKER).signal("SIGKILL");
    await waitUntil(async () => (stack?.node(BROKER).isRunning() === false ? true : undefined), {
      what: "the broker to be down",
      ...BOUND,
    });
    disk = await SmallDisk.mount({ bytes: DISK_BYTES, over: join(directory, BROKER, "log") });
    await stack.restartNode(BROKER);
    await fleet.startWorker();
    query = await fleet.startQuery();
  });

  afterAll(async () => {
    await fleet?.close();
    // The stack's folder cannot be removed while a disk is mounted in it.
    await disk?.unmount();
    await stack?.stop();
  });

  itWithDisks(
    "ends, and costs nothing: the others take over, and it comes back when there is room",
    async () => {
      if (stack === undefined || fleet === undefined || disk === undefined || query === undefined) {
        throw new Error("nothing was started");
      }
      const file = await sampleFile(fleet.folder, { users: 40, rows: 6_000, seed: 37 });
      const replay = fleet.start(["replay", file, "--rate", "400"]);
      await fleet.untilLag(({ partitions }) => partitions.some(({ committed }) => (committed ?? 0) > 100));
      await disk.fill();
      const broker = stack.node(BROKER);
      await waitUntil(async () => (broker.isRunning() ? undefined : true), {
        what: "the broker to end, as it cannot write",
        ...BOUND,
      });
      expect(await replay.ended).toEqual({ exitCode: 0, signal: null });
      await fleet.caughtUp(query);

      await disk.free();
      await stack.restartNode(BROKER);
      const judgement = await fleet.judge({
        expected: recompute(file).arrivals,
        judgeEvents: { resumed: true },
        doublesAllowed: true,
        answers: { baseUrl: query.baseUrl, questions: 500 },
      });
      expect(complaintsAbout(judgement)).toEqual([]);
    },
  );
});
