import { FatalError, exitCodes } from "../errors/index.js";

/** The registry answered that no schema has this id. Bad data, not a fault of the infrastructure. */
export class UnknownSchemaError extends Error {
  override readonly name = "UnknownSchemaError";
  readonly schemaId: number;

  constructor(schemaId: number) {
    super(`the registry has no schema with id ${schemaId}`);
    this.schemaId = schemaId;
  }
}

/** The registry refused a schema that does not agree with the subject's earlier versions. */
export class IncompatibleSchemaError extends FatalError {
  override readonly name = "IncompatibleSchemaError";
  readonly subject: string;

  constructor(subject: string, reason: string, cause?: unknown) {
    super(`the schema does not agree with the earlier versions of subject ${subject} (${reason})`, {
      fix: "keep each column's type, or use another fleet for the changed data",
      cause,
    });
    this.subject = subject;
  }
}

/**
 * The registry could not be asked, or its answer was none of its own: refused, hung, a proxy's error page. A
 * fault of the infrastructure: wait and ask again, never a dead letter.
 */
export class RegistryUnavailableError extends FatalError {
  override readonly name = "RegistryUnavailableError";
  /** The answer's status, where there was one: 401 and 403 tell of our login rather than of a fault. */
  readonly status: number | undefined;

  constructor(url: string, reason: string, { cause, status }: { cause?: unknown; status?: number } = {}) {
    super(`the schema registry at ${url} does not answer (${reason})`, {
      fix: "start it, or set LASTKNOWN_REGISTRY_URL",
      exitCode: exitCodes.unreachable,
      cause,
    });
    this.status = status;
  }
}
