import type { Arrival } from "../event/arrival.js";
import { canonicalJson, sortedByCodePoint, type CellValue } from "../event/canonical-json.js";
import { AvroBytes, BadAvroError } from "./avro-bytes.js";

interface SchemaField {
  readonly name: string;
  readonly type: unknown;
  readonly header?: string;
}

const HEAD = ["event_id", "user", "time_stamp", "sts"];

/** Reads Avro bodies of events by the text of their writer's schema. */
export class EventReader {
  /** In the order of their bytes, each with its place in the order of code points. */
  readonly #columns: readonly { header: string; type: unknown; place: number }[];

  /** Throws BadAvroError where the schema does not begin with an event's head. */
  constructor(schemaText: string) {
    const { fields } = JSON.parse(schemaText) as { fields: SchemaField[] };
    const head = fields.slice(0, HEAD.length).map(({ name }) => name);
    if (head.join() !== HEAD.join()) throw new BadAvroError("the schema does not begin with an event's head");
    const columns = fields
      .slice(HEAD.length)
      .map(({ name, type, header }) => ({ header: header ?? name, type }));
    const sorted = sortedByCodePoint(columns, ({ header }) => header);
    this.#columns = columns.map((column) => ({ ...column, place: sorted.indexOf(column) }));
  }

  /** Throws BadAvroError where the bytes are not what the schema says. */
  read(body: Buffer): Arrival {
    const bytes = new AvroBytes(body);
    const eventId = bytes.fixed(16).toString("hex");
    const user = bytes.string();
    const timeStamp = bytes.long();
    const sts = bytes.long();
    const attributes: [string, CellValue][] = [];
    for (const { header, type, place } of this.#columns) {
      const value = readNullable(bytes, type);
      if (value !== undefined) attributes[place] = [header, value];
    }
    if (!bytes.atEnd) throw new BadAvroError("the bytes go on after the last field");
    // Places without a value are holes, which a filter passes over.
    const present = attributes.filter(() => true);
    return { user, timeStamp, sts, eventId, attributes: canonicalJson(present) };
  }
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
