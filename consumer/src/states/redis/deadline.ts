import { withDeadline } from "@lastknown/shared";
import { StatesUnavailableError } from "../state-store.js";

/**
 * Gives what `answer` gives. ioredis has no deadline of its own over its retries (hazard R1), so a call that is
 * late is given up here, whatever becomes of it later.
 *
 * @throws StatesUnavailableError after the deadline, or where a node or the cluster did not serve
 */
export async function withinDeadline<Answer>(deadlineMs: number, answer: Promise<Answer>): Promise<Answer> {
  try {
    return await withDeadline(deadlineMs, answer, () => {
      throw new StatesUnavailableError(`Redis did not answer within ${deadlineMs} ms`);
    });
  } catch (error) {
    if (error instanceof StatesUnavailableError || isUnforeseen(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new StatesUnavailableError(`Redis did not serve (${reason})`, { cause: error });
  }
}

/** Replies that no waiting mends: a key of another type, or a fault in the script. */
const UNFORESEEN_CODES = new Set(["WRONGTYPE", "ERR"]);

/** Redis begins its error replies with a code; all others (MOVED, OOM, LOADING, …) tell of the servers. */
function isUnforeseen(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) return true;
  const [code = ""] = error.message.split(" ", 1);
  return error.name === "ReplyError" && UNFORESEEN_CODES.has(code);
}
