import {
  ColumnTypeChangedError,
  FatalError,
  evolveEventSchema,
  exitCodes,
  type ColumnType,
  type EventSchema,
  type FieldType,
} from "@lastknown/shared";
import type { ColumnMapping } from "./column-mapping.js";
import { fits, learn, noFacts, typeOf, type ColumnFacts } from "./column-type.js";

export interface ColumnTypesOptions {
  readonly mapping: ColumnMapping;
  /** Types that the user named, by header. */
  readonly named: Readonly<Record<string, ColumnType>>;
  /** The registry's latest version, if there is one. */
  readonly latest: EventSchema | undefined;
  /** Whether `1,5` is a number here. */
  readonly commaAllowed: boolean;
}

/** The types of a file's columns: learnt from its cells, unless the user named them. */
export class ColumnTypes {
  readonly #options: ColumnTypesOptions;
  /** The version that the schema evolves from. Another replay may register a later one while this one reads. */
  #latest: EventSchema | undefined;
  #known: ReadonlyMap<string, FieldType>;
  readonly #facts = new Map<string, ColumnFacts>();
  /** Columns that more cells can still teach something about. */
  #open: { header: string; index: number; facts: ColumnFacts }[] = [];

  constructor(options: ColumnTypesOptions) {
    this.#options = options;
    this.#latest = options.latest;
    this.#known = typesIn(options.latest);
    for (const index of options.mapping.attributes) {
      const header = options.mapping.header[index] as string;
      const facts = noFacts();
      this.#facts.set(header, facts);
      if (options.named[header] === undefined) this.#open.push({ header, index, facts });
    }
  }

  learn(cells: readonly string[]): void {
    let settled = false;
    for (const { index, facts } of this.#open) {
      const cell = cells[index] as string;
      if (cell === "") continue;
      learn(facts, cell, this.#options.commaAllowed);
      settled ||= !facts.numbers && !facts.booleans;
    }
    if (settled) this.#open = this.#open.filter(({ facts }) => facts.numbers || facts.booleans);
  }

  /** Goes on from this version. Returns false if it did so already. */
  useLatest(latest: EventSchema | undefined): boolean {
    if (latest?.text === this.#latest?.text) return false;
    this.#latest = latest;
    this.#known = typesIn(latest);
    return true;
  }

  /** Whether each column has a type by now, from the user or the registry: then no cell needs to be awaited. */
  get allKnown(): boolean {
    return this.#open.every(({ header }) => this.#known.has(header));
  }

  /** Header → type, of the columns that have one. A column keeps the type that it has in the registry if it can. */
  types(): Map<string, ColumnType> {
    const types = new Map<string, ColumnType>();
    for (const [header, facts] of this.#facts) {
      const type = this.#options.named[header] ?? this.#typeWithHistory(header, facts);
      if (type !== undefined) types.set(header, type);
    }
    return types;
  }

  /**
   * The schema that holds the earlier versions' columns and these.
   *
   * @throws FatalError (usage) if a column holds values that its type in the registry cannot
   */
  schema(types: ReadonlyMap<string, ColumnType>): EventSchema {
    try {
      const columns = [...types].map(([header, type]) => ({ header, type }));
      return evolveEventSchema(this.#latest, columns);
    } catch (cause) {
      if (!(cause instanceof ColumnTypeChangedError)) throw cause;
      const { header, before, now } = cause;
      throw new FatalError(
        `column ${JSON.stringify(header)} was ${before} in earlier events and is now ${now}`,
        {
          fix:
            `correct the column, reject the rows that do not fit with --types '${header}=${before}', ` +
            "or send the changed data to another fleet",
          exitCode: exitCodes.usage,
          cause,
        },
      );
    }
  }

  #typeWithHistory(header: string, facts: ColumnFacts): ColumnType | undefined {
    const inferred = typeOf(facts);
    const known = this.#known.get(header);
    if (known === undefined || !isColumnType(known)) return inferred;
    return inferred === undefined || fits(facts, known) ? known : inferred;
  }
}

function typesIn(schema: EventSchema | undefined): ReadonlyMap<string, FieldType> {
  return new Map((schema?.columns ?? []).map((column) => [column.header, column.type]));
}

function isColumnType(type: FieldType): type is ColumnType {
  return type !== "int" && type !== "float";
}
