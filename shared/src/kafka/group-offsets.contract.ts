import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { GroupOffsets } from "./group-offsets.js";

/** A group for one test, and two topics with two partitions each. */
export interface GroupOffsetsUnderTest {
  readonly offsets: GroupOffsets;
  readonly group: string;
  readonly topic: string;
  readonly otherTopic: string;
  /** Commits as a member of the group; offsets up to 10 are in the log. */
  commit(topic: string, partition: number, offset: number): Promise<void>;
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
      expect(await kept.offsets.committedOffsets(kept.group, kept.topic)).toEqual(new Map());
    });

    test("tells what a group has committed, each partition and topic by itself", async () => {
      await kept.commit(kept.topic, 1, 0);
      await kept.commit(kept.otherTopic, 0, 4);
      expect(await kept.offsets.committedOffsets(kept.group, kept.topic)).toEqual(new Map([[1, 0]]));
      expect(await kept.offsets.committedOffsets(kept.group, kept.otherTopic)).toEqual(new Map([[0, 4]]));
      expect(await kept.offsets.committedOffsets(`${kept.group}.other`, kept.topic)).toEqual(new Map());
    });

    test("tells the last commit, also where it went back", async () => {
      for (const offset of [2, 9, 3]) await kept.commit(kept.topic, 0, offset);
      expect(await kept.offsets.committedOffsets(kept.group, kept.topic)).toEqual(new Map([[0, 3]]));
    });
  });
}
