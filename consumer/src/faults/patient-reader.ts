import type { LogReader } from "@lastknown/shared";
import type { Outlasting } from "./patience.js";

/** A reader whose reads wait out the faults of the brokers. */
export function patientReader(
  reader: LogReader,
  patience: Outlasting,
  signal: AbortSignal,
): Pick<LogReader, "read"> {
  return {
    read: (...place) => patience.outlast("kafka", signal, () => reader.read(...place)),
  };
}
