import { FatalError, KafkaRefusedError, RecordTooLargeError, UnknownTopicError } from "@lastknown/shared";
import { isServerFault } from "./patience.js";

/**
 * Whether nobody foresaw the error, so that a single record may be to blame for it. It is none of a server that is
 * away, none that a person has to mend first, and none of a wait that was given up: for those no record is sent to
 * the dead letters.
 */
export function isUnforeseen(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted || isServerFault(error)) return false;
  return !FORESEEN.some((kind) => error instanceof kind);
}

const FORESEEN = [FatalError, KafkaRefusedError, UnknownTopicError, RecordTooLargeError] as const;
