import { silentLogger } from "@lastknown/shared";
import { snapshotForTest } from "./snapshot-for-test.js";
import { StatusBoard } from "./status-board.js";
import type { StatusSnapshot } from "./status-snapshot.js";

/** A board that nobody has started. */
export function boardForTest(
  take: () => Promise<StatusSnapshot> = () => Promise.resolve(snapshotForTest()),
): StatusBoard {
  return new StatusBoard({ take, logger: silentLogger });
}
