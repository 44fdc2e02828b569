import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { CommittedOffset } from "@lastknown/shared";
import { eventually } from "../eventually.js";
import type { GroupListener, WorkerGroup } from "./worker-group.js";

/** A group that shares four partitions. */
export interface WorkerGroupUnderTest {
  /** A new member, not yet joined. */
  readonly member: () => WorkerGroup;
}

export const GROUP_PARTITIONS = 4;
/** Enough for questions to fall between them. */
const COMMITS = 200;

/** Remembers what a member was told. */
class Ears implements GroupListener {
  generation = 0;
  /** Undefined while nothing is assigned. */
  partitions: readonly number[] | undefined;
  failure: Error | undefined;

  assigned(generation: number, partitions: readonly number[]): void {
    this.generation = generation;
    this.partitions = partitions;
  }

  revoked(): void {
    this.partitions = undefined;
  }

  failed(error: Error): void {
    this.failure = error;
  }
}

const ascending = (a: number, b: number): number => a - b;

/** What every group must do, in memory and by Kafka's coordinator. */
export function describeWorkerGroup(name: string, make: () => Promise<WorkerGroupUnderTest>): void {
  describe(`${name} as a worker group`, () => {
    let under: WorkerGroupUnderTest;
    const joined: WorkerGroup[] = [];
    beforeEach(async () => {
      under = await make();
    });
    afterEach(async () => {
      await Promise.all(joined.splice(0).map((member) => member.leave()));
    });

    const join = async (): Promise<{ member: WorkerGroup; ears: Ears }> => {
      const member = under.member();
      const ears = new Ears();
      joined.push(member);
      await member.join(ears);
      await eventually("assigned", () => ears.partitions !== undefined);
      return { member, ears };
    };
    const leave = async (member: WorkerGroup): Promise<void> => {
      joined.splice(joined.indexOf(member), 1);
      await member.leave();
    };

    test("gives all partitions to the only member, and shares them with a second", async () => {
      const one = await join();
      expect(one.ears.partitions?.toSorted(ascending)).toEqual([0, 1, 2, 3]);
      const other = await join();
      await eventually(
        "shared",
        () => one.ears.partitions?.length === 2 && other.ears.partitions?.length === 2,
      );
      const all = [...(one.ears.partitions ?? []), ...(other.ears.partitions ?? [])];
      expect(all.toSorted(ascending)).toEqual([0, 1, 2, 3]);
    });

    test("gives a member's partitions back to the other when it leaves", async () => {
      const one = await join();
      const other = await join();
      await eventually("shared", () => one.ears.partitions?.length === 2);
      await leave(other.member);
      await eventually("got back", () => one.ears.partitions?.length === GROUP_PARTITIONS);
    });

    test("tells the next member what was committed, and nothing of what was not", async () => {
      const one = await join();
      expect(await one.member.committed()).toEqual(new Map());
      const offsets = new Map([
        [1, 5],
        [3, 900],
      ]);
      expect(await one.member.commit(one.ears.generation, offsets)).toBe("committed");
      await leave(one.member);
      const next = await join();
      expect(await next.member.committed()).toEqual(
        new Map([
          [1, { offset: 5, note: "" }],
          [3, { offset: 900, note: "" }],
        ]),
      );
    });

    test("commits nothing for an assignment that has ended", async () => {
      const one = await join();
      const before = one.ears.generation;
      const other = await join();
      await eventually("shared", () => one.ears.partitions?.length === 2);
      expect(one.ears.generation).toBeGreaterThan(before);
      expect(await one.member.commit(before, new Map([[0, 7]]))).toBe("stale");
      expect(await other.member.committed()).toEqual(new Map());
      expect(one.ears.failure).toBeUndefined();
    });

    test("keeps the offset of a partition's owner against a late commit of the one before it", async () => {
      const one = await join();
      const before = one.ears.generation;
      const other = await join();
      await eventually("shared", () => one.ears.partitions?.length === 2);
      const [partition = -1] = other.ears.partitions ?? [];
      const owners = new Map([[partition, 900]]);
      const notes = new Map([[partition, "the owner's"]]);
      expect(await other.member.commit(other.ears.generation, owners, notes)).toBe("committed");
      const late = await one.member.commit(before, new Map([[partition, 500]]), new Map());
      expect([late, await one.member.committed()]).toEqual([
        "stale",
        new Map([[partition, { offset: 900, note: "the owner's" }]]),
      ]);
    });

    test("keeps a note beside an offset until the next commit of that partition", async () => {
      const one = await join();
      const { generation } = one.ears;
      const offsets = new Map([
        [0, 5],
        [2, 6],
      ]);
      const notes = new Map([
        [0, '{"é":1}'],
        [2, "two"],
      ]);
      await one.member.commit(generation, offsets, notes);
      const two = { offset: 6, note: "two" };
      expect(await one.member.committed()).toEqual(
        new Map([
          [0, { offset: 5, note: '{"é":1}' }],
          [2, two],
        ]),
      );
      await one.member.commit(generation, new Map([[0, 5]]));
      expect(await one.member.committed()).toEqual(
        new Map([
          [0, { offset: 5, note: "" }],
          [2, two],
        ]),
      );
    });

    test("tells each offset with the note of the same commit, while commits go on", async () => {
      const one = await join();
      const commitAll = async (): Promise<void> => {
        for (let offset = 1; offset <= COMMITS; offset++) {
          await one.member.commit(one.ears.generation, new Map([[0, offset]]), new Map([[0, `${offset}`]]));
        }
      };
      const seen: CommittedOffset[] = [];
      let goesOn = true;
      const committing = commitAll().finally(() => (goesOn = false));
      while (goesOn) seen.push(...(await one.member.committed()).values());
      await committing;
      expect(seen.filter(({ offset, note }) => note !== `${offset}`)).toEqual([]);
      expect(await one.member.committed()).toEqual(new Map([[0, { offset: COMMITS, note: `${COMMITS}` }]]));
    });

    test("commits nothing more once it has left", async () => {
      const one = await join();
      await leave(one.member);
      expect(await one.member.commit(one.ears.generation, new Map([[0, 7]]))).toBe("stale");
    });
  });
}
