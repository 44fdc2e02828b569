/**
 * What the audit's copies say of each schema id, where a look-up is cheap. Readers decode entries by these copies, so
 * an id means this text for as long as the fleet lives, whatever a registry says later.
 *
 * It may lose what it had: then it says so by not being complete, and is filled from the audit again. Every call is
 * bounded in time and throws StatesUnavailableError where the store did not answer.
 */
export interface SchemaCopies {
  /** Undefined where the store has no copy. */
  textById(schemaId: number): Promise<string | undefined>;

  /** The one with the greatest id; undefined where there is none. */
  newest(): Promise<{ readonly schemaId: number; readonly text: string } | undefined>;

  /** Keeps the text where the id has none, and gives what stands afterwards. */
  keepIfAbsent(schemaId: number, text: string): Promise<string>;

  /** The registry's id of the schema that entries are framed with; undefined where none is kept. */
  auditSchemaId(): Promise<number | undefined>;

  /** Keeps the id where there is none, and gives what stands afterwards. */
  keepAuditSchemaId(schemaId: number): Promise<number>;

  /** Whether all copies that the audit holds are in here. */
  isComplete(): Promise<boolean>;

  markComplete(): Promise<void>;
}
