import {
  HEAD_FIELDS,
  InvalidEventSchemaError,
  type EventColumn,
  type EventSchema,
  type FieldType,
} from "./event-schema.js";

type Json = unknown;

/**
 * Reads a writer's schema.
 *
 * @throws InvalidEventSchemaError unless it is a record that begins with the fixed head and goes on with
 *   nullable columns of primitive types
 */
export function parseEventSchema(text: string): EventSchema {
  const fields = fieldsOf(text);
  checkHead(fields.slice(0, HEAD_FIELDS.length));
  const columns = fields.slice(HEAD_FIELDS.length).map(columnOf);
  const headers = new Set(columns.map((column) => column.header));
  if (headers.size < columns.length) throw new InvalidEventSchemaError("two columns have one header");
  return { text, columns };
}

function fieldsOf(text: string): Json[] {
  let schema: Json;
  try {
    schema = JSON.parse(text);
  } catch (cause) {
    throw new InvalidEventSchemaError("the schema is not JSON", { cause });
  }
  const fields = property(schema, "fields");
  if (property(schema, "type") !== "record" || !Array.isArray(fields)) {
    throw new InvalidEventSchemaError("the schema is not a record");
  }
  return fields;
}

function checkHead(head: Json[]): void {
  HEAD_FIELDS.forEach((name, index) => {
    const field = head[index];
    if (property(field, "name") !== name || !isHeadType(name, property(field, "type"))) {
      throw new InvalidEventSchemaError(`field ${index + 1} is not ${name} as an event has it`);
    }
  });
}

function isHeadType(name: string, type: Json): boolean {
  switch (name) {
    case "event_id":
      return property(type, "type") === "fixed" && property(type, "size") === 16;
    case "user":
      return primitiveOf(type) === "string";
    default:
      return property(type, "type") === "long" && property(type, "logicalType") === "timestamp-micros";
  }
}

function columnOf(field: Json): EventColumn {
  const name = property(field, "name");
  const type = property(field, "type");
  if (typeof name !== "string" || !Array.isArray(type) || type.length !== 2) {
    throw new InvalidEventSchemaError(`field ${JSON.stringify(name)} is not a nullable column`);
  }
  const nullBranch = type[0] === "null" ? 0 : 1;
  const primitive = primitiveOf(type[1 - nullBranch]);
  if (type[nullBranch] !== "null" || !isFieldType(primitive)) {
    throw new InvalidEventSchemaError(
      `field ${JSON.stringify(name)} is not a nullable text, number or boolean`,
    );
  }
  const header = property(field, "header");
  return { field: name, header: typeof header === "string" ? header : name, type: primitive, nullBranch };
}

/** A type as `"string"` or as `{"type": "string", …}`, which some writers put for the same. */
function primitiveOf(type: Json): Json {
  return typeof type === "string" ? type : property(type, "type");
}

const FIELD_TYPES: ReadonlySet<Json> = new Set<FieldType>([
  "double",
  "long",
  "boolean",
  "string",
  "int",
  "float",
]);

function isFieldType(type: Json): type is FieldType {
  return FIELD_TYPES.has(type);
}

function property(value: Json, name: string): Json {
  return typeof value === "object" && value !== null ? (value as Record<string, Json>)[name] : undefined;
}
