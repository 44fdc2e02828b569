import { FatalError, exitCodes } from "@lastknown/shared";
import type { RejectionReason } from "./rejection.js";

/**
 * What ends a replay whose header would be rejected if it were a row: the row after it names no columns.
 *
 * @param problem why, as it would be told of a row
 * @param line the physical line on which the header starts
 */
export function unreadableHeader(problem: {
  reason: RejectionReason;
  detail: string;
  line: number;
}): FatalError {
  const { reason, detail, line } = problem;
  return new FatalError(`the header cannot be read (line ${line}: ${detail})`, {
    fix:
      reason === "quote"
        ? "mend the file's first line, or say with --quote what its quotes are (none: they mean nothing)"
        : "give a CSV whose first line names its columns",
    exitCode: exitCodes.usage,
  });
}
