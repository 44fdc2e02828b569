import {
  EventEncoder,
  IncompatibleSchemaError,
  parseEventSchema,
  type ColumnType,
  type EventSchema,
  type Logger,
} from "@lastknown/shared";
import type { ColumnTypes } from "../columns/column-types.js";
import type { ReplayTarget } from "./replay-dependencies.js";

/** Others that add columns at the same moment can come in between only so often. */
const REGISTRATIONS_MAX = 5;

/** The version of the schema that rows are written with. */
export interface RegisteredSchema {
  readonly types: ReadonlyMap<string, ColumnType>;
  readonly schemaId: number;
  readonly encoder: EventEncoder;
}

/**
 * Registers the schema of columns. Another replay may register a version of its own at the same moment: then the
 * schema evolves from that one, by which a column that is new in both may get the other's type.
 *
 * @param typesNow asked again where another version came in between
 * @throws FatalError (usage) if a column holds values that its type in the registry cannot
 */
export async function registerSchema(
  target: ReplayTarget,
  columns: ColumnTypes,
  typesNow: () => ReadonlyMap<string, ColumnType>,
  logger: Logger,
): Promise<RegisteredSchema> {
  const { registry, subject } = target;
  await registry.requireCompatibility(subject);
  // The file may have taken long to read.
  columns.useLatest(await latestSchema(target));
  for (let attempt = 1; ; attempt++) {
    const types = typesNow();
    const schema = columns.schema(types);
    try {
      const schemaId = await registry.register(subject, schema.text);
      logger.debug("schema registered", { subject, schemaId });
      return { types, schemaId, encoder: new EventEncoder(schema, schemaId) };
    } catch (error) {
      const isLast = attempt === REGISTRATIONS_MAX || !(error instanceof IncompatibleSchemaError);
      if (isLast || !columns.useLatest(await latestSchema(target))) throw error;
    }
    logger.debug("schema evolves anew", { subject, attempt });
  }
}

/** The newest schema of the target's subject, undefined where there is none or no target. */
export async function latestSchema(target: ReplayTarget | undefined): Promise<EventSchema | undefined> {
  const latest = await target?.registry.latest(target.subject);
  return latest === undefined ? undefined : parseEventSchema(latest.text);
}
