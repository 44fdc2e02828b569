import { describe, expect, test } from "@jest/globals";
import { ColumnTypeChangedError, evolveEventSchema, InvalidEventSchemaError } from "./event-schema.js";
import { parseEventSchema } from "./parse-event-schema.js";

describe("evolveEventSchema", () => {
  test("maps headers that Avro refuses or that collide, and keeps each header beside its field", () => {
    const headers = ["battery (%)", "battery____", "température", "7th", "user", "__proto__", "", "user_2"];
    const { columns } = evolveEventSchema(
      undefined,
      headers.map((header) => ({ header, type: "double" as const })),
    );
    expect(columns.map((column) => column.field)).toEqual([
      "battery____",
      "battery_____2",
      "temp_rature",
      "_7th",
      "user_2",
      "__proto__",
      "_",
      "user_2_2",
    ]);
    expect(columns.map((column) => column.header)).toEqual(headers);
  });

  test("adds columns behind those that are known and keeps what a file leaves out", () => {
    const first = evolveEventSchema(undefined, [
      { header: "a b", type: "double" },
      { header: "c", type: "string" },
    ]);
    const second = evolveEventSchema(first, [
      { header: "d", type: "boolean" },
      { header: "a b", type: "double" },
    ]);
    expect(second.columns.map((column) => [column.header, column.field])).toEqual([
      ["a b", "a_b"],
      ["c", "c"],
      ["d", "d"],
    ]);
  });

  test("is the same text when nothing is new, so that no other version comes of it", () => {
    const columns = [
      { header: "x", type: "double" as const },
      { header: "y y", type: "string" as const },
    ];
    const first = evolveEventSchema(undefined, columns);
    expect(evolveEventSchema(first, [...columns].reverse()).text).toBe(first.text);
    expect(parseEventSchema(first.text)).toEqual(first);
  });

  test("refuses a column that changed its type", () => {
    const first = evolveEventSchema(undefined, [{ header: "x", type: "double" }]);
    expect(() => evolveEventSchema(first, [{ header: "x", type: "string" }])).toThrow(ColumnTypeChangedError);
  });
});

describe("parseEventSchema", () => {
  const schema = evolveEventSchema(undefined, [{ header: "x", type: "double" }]);
  type Field = { name: string; type: unknown; header?: string };
  function changed(change: (fields: Field[]) => void): string {
    const parsed = JSON.parse(schema.text) as { fields: Field[] };
    change(parsed.fields);
    return JSON.stringify(parsed);
  }

  test.each<[string, string]>([
    ["no JSON", "not json"],
    ["no record", '"string"'],
    ["a head in another order", changed((f) => f.reverse())],
    ["a head without a field", changed((f) => f.shift())],
    [
      "time_stamp in milliseconds",
      changed((f) => (f[2]!.type = { type: "long", logicalType: "timestamp-millis" })),
    ],
    ["an event_id of another size", changed((f) => (f[0]!.type = { type: "fixed", name: "E", size: 8 }))],
    ["a column that is not nullable", changed((f) => (f[4]!.type = "double"))],
    ["a column of records", changed((f) => (f[4]!.type = ["null", { type: "array", items: "int" }]))],
    [
      "two columns of one header",
      changed((f) => f.push({ name: "y", type: ["null", "double"], header: "x" })),
    ],
  ])("refuses %s", (_, text) => {
    expect(() => parseEventSchema(text)).toThrow(InvalidEventSchemaError);
  });

  test("reads another writer's forms: null last, types with properties, int and float", () => {
    const text = changed((f) => {
      f[4]!.type = [{ type: "string", "avro.java.string": "String" }, "null"];
      f.push({ name: "n", type: ["null", "int"] }, { name: "r", type: ["null", "float"] });
    });
    expect(parseEventSchema(text).columns).toEqual([
      { field: "x", header: "x", type: "string", nullBranch: 1 },
      { field: "n", header: "n", type: "int", nullBranch: 0 },
      { field: "r", header: "r", type: "float", nullBranch: 0 },
    ]);
  });
});
