import {
  auditRecordKind,
  slicesToEnd,
  unframe,
  type LogReader,
  type LogRecord,
  type PartitionEnds,
} from "@lastknown/shared";
import type { Patience } from "../faults/patience.js";
import { patientReader } from "../faults/patient-reader.js";
import type { SchemaCopies } from "./schema-copies.js";
import { schemaConflict } from "./schema-conflict.js";

export interface CollectCopiesOptions {
  readonly reader: LogReader;
  readonly auditTopic: string;
  readonly copies: SchemaCopies;
  readonly patience: Patience;
  /** Called whenever it has come on. */
  readonly moved?: (() => void) | undefined;
}

/** Of one read. */
const READ_BYTES = 4 * 1024 * 1024;

/**
 * Brings every schema copy of the audit into the store, unless it has them all. That reads the whole audit: once in a
 * fleet's life, when there is nothing in it yet, and after Redis has lost what it had, when all that was lost is read
 * again anyway.
 *
 * @throws FatalError where two copies of one id differ, or a partition cannot be read to its end
 */
export async function collectCopies(options: CollectCopiesOptions, signal: AbortSignal): Promise<void> {
  const { reader, auditTopic, copies, patience } = options;
  if (await patience.outlast("redis", signal, () => copies.isComplete())) return;
  for (const [partition, ends] of await patience.outlast("kafka", signal, () => reader.ends(auditTopic))) {
    await collectFrom(options, partition, ends, signal);
  }
  await patience.outlast("redis", signal, () => copies.markComplete());
}

async function collectFrom(
  options: CollectCopiesOptions,
  partition: number,
  ends: PartitionEnds,
  signal: AbortSignal,
): Promise<void> {
  const { reader, auditTopic: topic, patience, moved } = options;
  const patient = patientReader(reader, patience, signal);
  for await (const { records } of slicesToEnd(patient, { topic, partition, ends, bytesMax: READ_BYTES })) {
    await keepCopies(options, partition, records, signal);
    moved?.();
  }
}

async function keepCopies(
  { auditTopic, copies, patience }: CollectCopiesOptions,
  partition: number,
  records: readonly LogRecord[],
  signal: AbortSignal,
): Promise<void> {
  const first = records.find(({ key, value }) => key !== null && value !== null && isEntry(key));
  const framed = first?.value == null ? undefined : unframe(first.value);
  if (framed !== undefined) {
    await patience.outlast("redis", signal, () => copies.keepAuditSchemaId(framed.schemaId));
  }
  for (const { key, value, offset } of records) {
    const kind = key === null ? undefined : auditRecordKind(key);
    if (kind?.kind !== "schema" || value === null) continue;
    const { schemaId } = kind;
    const text = value.toString();
    const standing = await patience.outlast("redis", signal, () => copies.keepIfAbsent(schemaId, text));
    if (standing !== text) throw schemaConflict(schemaId, `at ${partition}/${offset}`, auditTopic);
  }
}

function isEntry(key: Buffer): boolean {
  return auditRecordKind(key)?.kind === "entry";
}
