import {
  FatalError,
  unframe,
  type FleetNames,
  type LogReader,
  type PartitionEnds,
  type SchemaRegistry,
} from "@lastknown/shared";

export interface RegistryToCheck {
  readonly reader: LogReader;
  readonly registry: SchemaRegistry;
  readonly names: Pick<FleetNames, "eventsTopic" | "eventsSubject">;
}

/**
 * One answer with the last record of most partitions is enough: of one that was emptied all say the same. A read that
 * lets no broker wait has the answers of all.
 */
const SAMPLE_LIMITS = { bytesMax: 64 * 1024, waitMs: 0 };

/**
 * An emptied registry gives a new schema an id that records of the topic have already, by another schema: nobody could
 * read both. It shows itself by having no version of a subject of which the topic has records.
 *
 * @throws FatalError where that is so
 */
export async function requireSameRegistry({ reader, registry, names }: RegistryToCheck): Promise<void> {
  const { eventsTopic, eventsSubject } = names;
  if ((await registry.latest(eventsSubject)) !== undefined) return;
  const schemaId = await someSchemaId(reader, eventsTopic);
  if (schemaId === undefined) return;
  throw new FatalError(
    `the registry has no schema under ${eventsSubject}, and ${eventsTopic} has records of schema ${schemaId}`,
    {
      fix: "the registry lost its schemas, or is another one: restore its storage or set LASTKNOWN_REGISTRY_URL; a registry that is lost for good needs another --fleet name, with lastknown export and replay",
    },
  );
}

/** Of one of the last records, where one is framed as Avro. */
async function someSchemaId(reader: LogReader, topic: string): Promise<number | undefined> {
  const ends = await reader.ends(topic);
  const lastOffsets = new Map(
    [...ends].filter(hasRecords).map(([partition, { end }]) => [partition, end - 1]),
  );
  if (lastOffsets.size === 0) return undefined;
  for (const { records } of (await reader.readMany(topic, lastOffsets, SAMPLE_LIMITS)).values()) {
    for (const { value } of records) {
      const framed = value === null ? undefined : unframe(value);
      if (framed !== undefined) return framed.schemaId;
    }
  }
  return undefined;
}

function hasRecords([, { start, end }]: readonly [number, PartitionEnds]): boolean {
  return end > start;
}
