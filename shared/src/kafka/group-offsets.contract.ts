import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { CommittedOffset, GroupOffsets } from "./group-offsets.js";

/** A group for one test, and two topics with two partitions each. */
export interface GroupOffsetsUnderTest {
  readonly offsets: GroupOffsets;
  readonly group: string;
  readonly topic: string;
  readonly otherTopic: string;
  /** Commits as a member of the group; offsets up to 10 are in the log. */
  commit(topic: string, partition: number, committed: CommittedOffset): Promise<void>;
  /** Has somebody join the group who is given all partitions of both topics, unless somebody has. */
  join(): Promise<void>;
  close(): Promise<void>;
}

/** What everything that tells committed offsets must do, in memory and on a broker. */
export function describeGroupOffsets(name: string, make: () => Promise<GroupOffsetsUnderTest>): void {
  describe(`${name} as the place of committed offsets`, () => {
    let kept: GroupOffsetsUnderTest;
    beforeEach(async () => {
      kept = await make();
    });
    afterEach(() => kept.close());

    test("tells none of a group that has committed nothing", async () => {
      expect(await kept.offsets.committed(kept.group, kept.topic)).toEqual(new Map());
    });

    test("tells what a group has committed, each partition and topic by itself", async () => {
      await kept.commit(kept.topic, 1, { offset: 0, note: "a" });
      await kept.commit(kept.otherTopic, 0, { offset: 4, note: "" });
      const { offsets, group, topic, otherTopic } = kept;
      expect(await offsets.committed(group, topic)).toEqual(new Map([[1, { offset: 0, note: "a" }]]));
      expect(await offsets.committed(group, otherTopic)).toEqual(new Map([[0, { offset: 4, note: "" }]]));
      expect(await offsets.committed(`${group}.other`, topic)).toEqual(new Map());
    });

    test("tells who is in a group, and what they were given", async () => {
      const nobody = { isRebalancing: false, members: [] };
      expect(await kept.offsets.membership(kept.group, kept.topic)).toEqual(nobody);
      await kept.join();
      const member = { memberId: expect.any(String), clientId: expect.any(String), host: "127.0.0.1" };
      expect(await kept.offsets.membership(kept.group, kept.topic)).toEqual({
        isRebalancing: false,
        members: [{ ...member, partitions: [0, 1] }],
      });
      expect(await kept.offsets.membership(`${kept.group}.other`, kept.topic)).toEqual(nobody);
    });

    test("tells the last commit with its own note, also where it went back", async () => {
      for (const offset of [2, 9, 3]) await kept.commit(kept.topic, 0, { offset, note: `at ${offset}` });
      expect(await kept.offsets.committed(kept.group, kept.topic)).toEqual(
        new Map([[0, { offset: 3, note: "at 3" }]]),
      );
    });
  });
}
