import type { FoldObserver } from "./audit-folder.js";

/** Tells both of each batch; the second is looked up when it is told. */
export function bothObservers(
  first: FoldObserver,
  second: () => Pick<FoldObserver, "folded" | "unreadable">,
): FoldObserver {
  return {
    ...first,
    folded: (batch) => {
      first.folded(batch);
      second().folded(batch);
    },
    unreadable: (reason) => {
      first.unreadable(reason);
      second().unreadable(reason);
    },
  };
}
