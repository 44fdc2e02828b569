import { assignFieldNames } from "./field-names.js";

/** What a column of a CSV can hold. Numbers are `double` unless the user says otherwise. */
export type ColumnType = "double" | "long" | "boolean" | "string";

/** What a nullable field of a writer's schema may hold; the last two only in schemas that others wrote. */
export type FieldType = ColumnType | "int" | "float";

export interface EventColumn {
  /** The name in Avro: `[A-Za-z_][A-Za-z0-9_]*`, unique in the schema. */
  readonly field: string;
  /** The column's name in the CSV, used in answers. */
  readonly header: string;
  readonly type: FieldType;
  /** Which branch of the union stands for null: 0 in all schemas of ours. */
  readonly nullBranch: 0 | 1;
}

/** A version of the `Event` record: the fixed head of four fields, then nullable columns. */
export interface EventSchema {
  /** The canonical text as registered. White space would make another version, so there is one text only. */
  readonly text: string;
  readonly columns: readonly EventColumn[];
}

/** The text is no schema of an event: not JSON, not a record, another head, a column that is not nullable. */
export class InvalidEventSchemaError extends Error {
  override readonly name = "InvalidEventSchemaError";
}

/** A column holds another type than the versions before it. Readers of both could not agree, so it is refused. */
export class ColumnTypeChangedError extends Error {
  override readonly name = "ColumnTypeChangedError";

  readonly header: string;
  readonly before: FieldType;
  readonly now: ColumnType;

  constructor(header: string, before: FieldType, now: ColumnType) {
    super(`column ${JSON.stringify(header)} was ${before} and is now ${now}`);
    this.header = header;
    this.before = before;
    this.now = now;
  }
}

const MICROS_FIELD = { type: "long", logicalType: "timestamp-micros" } as const;

/** The first four fields, always: a worker reads them whatever columns follow. */
const HEAD = [
  { name: "event_id", type: { type: "fixed", name: "EventId", size: 16 } },
  { name: "user", type: "string" },
  { name: "time_stamp", type: MICROS_FIELD },
  { name: "sts", type: MICROS_FIELD },
] as const;

export const HEAD_FIELDS: readonly string[] = HEAD.map((field) => field.name);

/**
 * The schema that holds all columns of `previous` and those given: columns are only ever added, in the order
 * in which they first came, so that every version can read every other (FULL_TRANSITIVE).
 *
 * @throws ColumnTypeChangedError if a column given has another type in `previous`
 */
export function evolveEventSchema(
  previous: EventSchema | undefined,
  columns: readonly { header: string; type: ColumnType }[],
): EventSchema {
  const known = previous?.columns ?? [];
  const typeByHeader = new Map(known.map((column) => [column.header, column.type]));
  const added = columns.filter(({ header, type }) => {
    const before = typeByHeader.get(header);
    if (before !== undefined && before !== type) throw new ColumnTypeChangedError(header, before, type);
    return before === undefined;
  });
  if (previous !== undefined && added.length === 0) return previous;

  const taken = [...HEAD_FIELDS, ...known.map((column) => column.field)];
  const fields = assignFieldNames(
    added.map((column) => column.header),
    taken,
  );
  const newColumns = added.map(({ header, type }, index): EventColumn => {
    return { field: fields[index] as string, header, type, nullBranch: 0 };
  });
  return schemaOf([...known, ...newColumns]);
}

function schemaOf(columns: readonly EventColumn[]): EventSchema {
  const fields = columns.map(({ field, header, type, nullBranch }) => ({
    name: field,
    type: nullBranch === 0 ? ["null", type] : [type, "null"],
    ...(nullBranch === 0 ? { default: null } : {}),
    ...(header === field ? {} : { header }),
  }));
  const text = JSON.stringify({
    type: "record",
    name: "Event",
    namespace: "lastknown",
    fields: [...HEAD, ...fields],
  });
  return { text, columns };
}
