import { isCertificateFault } from "../settings/index.js";
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

/** What TLS says to an answer without it. */
const NO_TLS_THERE = "EPROTO";
/** A server that takes nothing but TLS hangs up on a request without it, or its answer is no HTTP. */
const NO_HTTP_THERE = /^(ECONNRESET|HPE_.*)$/;

function fixFor(cause: unknown, status: number | undefined): string {
  if (status === 401 || status === 403)
    return "check LASTKNOWN_REGISTRY_USERNAME and LASTKNOWN_REGISTRY_PASSWORD";
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "";
  if (isCertificateFault(cause)) return "check LASTKNOWN_REGISTRY_TLS_CA and that certificate";
  if (code === NO_TLS_THERE) return "it does not speak TLS: let LASTKNOWN_REGISTRY_URL begin with http://";
  if (NO_HTTP_THERE.test(code))
    return "start it; if it takes nothing but TLS, let LASTKNOWN_REGISTRY_URL begin with https://";
  return "start it, or set LASTKNOWN_REGISTRY_URL";
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
    super(`the schema registry at ${url} ${whatOf(cause, status)} (${reason})`, {
      fix: fixFor(cause, status),
      exitCode: exitCodes.unreachable,
      cause,
    });
    this.status = status;
  }
}

function whatOf(cause: unknown, status: number | undefined): string {
  if (status === 401) return "refused the login";
  if (status === 403) return "refused us";
  return isCertificateFault(cause) ? "has a certificate that we do not trust" : "does not answer";
}

/** It does not know a schema, nor the fleet's own, so it has lost what it had: that is a fault of it, no record's. */
export class EmptiedRegistryError extends FatalError {
  override readonly name = "EmptiedRegistryError";

  constructor(schemaId: number, ownSchemaId: number) {
    super(
      `the registry has no schema with id ${schemaId}, and has lost ${ownSchemaId}, which this fleet has there`,
      {
        fix: "give the registry its storage back",
        exitCode: exitCodes.unreachable,
      },
    );
  }
}
