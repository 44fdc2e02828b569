import { withDeadline } from "@lastknown/shared";

/** A check that is false where no answer comes in time; while one is waited for, nobody asks again. */
export function answeredInTime(ask: () => Promise<boolean>, deadlineMs: number): () => Promise<boolean> {
  let underWay: Promise<boolean> | undefined;
  return async () => {
    underWay ??= ask().finally(() => (underWay = undefined));
    return await withDeadline(deadlineMs, underWay, () => false);
  };
}
