import type { Arrival } from "../event/arrival.js";
import { canonicalJson, sortedByCodePoint, type CellValue } from "../event/canonical-json.js";
import { AvroBytes, BadAvroError } from "./avro-bytes.js";

interface SchemaField {
  readonly name: string;
  readonly type: unknown;
  readonly header?: string;
}

const HEAD = ["event_id", "user", "time_stamp", "sts"];

/** Reads an event's Avro body by the text of its writer's schema. Throws BadAvroError. */
export function readEventBody(body: Buffer, schemaText: string): Arrival {
  const { fields } = JSON.parse(schemaText) as { fields: SchemaField[] };
  const head = fields.slice(0, HEAD.length).map(({ name }) => name);
  if (head.join() !== HEAD.join()) throw new BadAvroError("the schema does not begin with an event's head");

  const bytes = new AvroBytes(body);
  const eventId = bytes.fixed(16).toString("hex");
  const user = bytes.string();
  const timeStamp = bytes.long();
  const sts = bytes.long();
  const attributes: [string, CellValue][] = [];
  for (const { name, type, header } of fields.slice(HEAD.length)) {
    const value = readNullable(bytes, type);
    if (value !== undefined) attributes.push([header ?? name, value]);
  }
  if (!bytes.atEnd) throw new BadAvroError("the bytes go on after the last field");
  const sorted = sortedByCodePoint(attributes, ([name]) => name);
  return { user, timeStamp, sts, eventId, attributes: canonicalJson(sorted) };
}

function readNullable(bytes: AvroBytes, type: unknown): CellValue | undefined {
  if (!Array.isArray(type)) throw new BadAvroError(`not a nullable column: ${JSON.stringify(type)}`);
  const branch: unknown = type[Number(bytes.long())];
  return branch === "null" ? undefined : readValue(bytes, branch);
}

function readValue(bytes: AvroBytes, type: unknown): CellValue {
  const name = typeof type === "object" && type !== null ? (type as { type?: unknown }).type : type;
  switch (name) {
    case "double":
      return bytes.double();
    case "float":
      return bytes.float();
    case "int":
    case "long":
      return Number(bytes.long());
    case "boolean":
      return bytes.boolean();
    case "string":
      return bytes.string();
    default:
      throw new BadAvroError(`no such type of a column: ${JSON.stringify(type)}`);
  }
}
