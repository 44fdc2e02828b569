import { expect, test } from "@jest/globals";
import type { CommitOutcome } from "../group/worker-group.js";
import { OrderedCommits } from "./ordered-commits.js";

/** A group that answers when it is told to. */
function slowGroup() {
  const taken: number[] = [];
  const answers: ((outcome: CommitOutcome | Error) => void)[] = [];
  const commits = new OrderedCommits({
    commit: (_generation, offsets) => {
      taken.push(offsets.get(0) ?? -1);
      return new Promise((resolve, reject) => {
        answers.push((outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome)));
      });
    },
  });
  const answer = (outcome: CommitOutcome | Error = "committed"): void => answers.shift()?.(outcome);
  return { commits, taken, answer };
}

const at = (offset: number) => new Map([[0, offset]]);
/** Whatever is ready comes first. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test.each(["committed" as const, new Error("away")])(
  "commits wait for the word that is under way, in their order, whatever becomes of it: %s",
  async (outcome) => {
    const { commits, taken, answer } = slowGroup();
    const word = commits.say(1, at(5)).catch(() => undefined);
    const later = [commits.commit(1, at(8)), commits.commit(1, at(9))];
    await settled();
    expect(taken).toEqual([5]);
    answer(outcome);
    await word;
    await settled();
    expect(taken).toEqual([5, 8, 9]);
    answer();
    answer("stale");
    expect(await Promise.all(later)).toEqual(["committed", "stale"]);
    expect(commits.isUnderWay).toBe(false);
  },
);

test("no word is said while a commit is under way, or another word", async () => {
  const { commits, taken, answer } = slowGroup();
  const commit = commits.commit(1, at(8));
  expect(commits.isUnderWay).toBe(true);
  await expect(commits.say(1, at(5))).rejects.toThrow("a commit is under way");
  answer();
  await commit;
  const word = commits.say(1, at(8));
  await expect(commits.say(1, at(8))).rejects.toThrow("a commit is under way");
  answer();
  await word;
  expect(taken).toEqual([8, 8]);
});
