import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import {
  COMPATIBILITY,
  SchemaRegistry as ConfluentClient,
  SchemaType,
} from "@kafkajs/confluent-schema-registry";
import { FatalError } from "../errors/index.js";
import { tlsOptions, type RegistrySettings } from "../settings/index.js";
import { BoundedCache } from "./bounded-cache.js";
import { IncompatibleSchemaError, RegistryUnavailableError, UnknownSchemaError } from "./registry-errors.js";
import { RegistryHttp, type RegistryAnswer } from "./registry-http.js";
import type { RegisteredSchema, SchemaRegistry } from "./schema-registry.js";

/** Subjects whose compatibility was verified: far more than one fleet has. */
const SUBJECTS_CACHED_MAX = 1000;

/** What the registry says where there is no such schema; any other 404 may be a proxy's. */
const UNKNOWN_SCHEMA = 40403;
const UNKNOWN_SUBJECT = 40401;
const UNKNOWN_VERSION = 40402;
const COMPATIBILITY_LEVEL = "FULL_TRANSITIVE";

/**
 * The registry over its Confluent API. Registering goes through @kafkajs/confluent-schema-registry. Questions
 * whose answer decides between "unknown" and "not reachable" go to the registry directly: that client reports
 * both as status 400, and has no time-out.
 */
export class ConfluentSchemaRegistry implements SchemaRegistry {
  readonly #settings: RegistrySettings;
  readonly #http: RegistryHttp;
  /** Questions under way, so that many callers ask once. Answers are not kept: a registry can lose what it had. */
  readonly #asked = new Map<number, Promise<string>>();
  readonly #verifiedSubjects = new BoundedCache<string, true>(SUBJECTS_CACHED_MAX);

  constructor(settings: RegistrySettings) {
    this.#settings = settings;
    this.#http = new RegistryHttp(settings);
  }

  async textById(id: number): Promise<string> {
    const underWay = this.#asked.get(id);
    if (underWay !== undefined) return await underWay;
    const asked = this.#askText(id);
    this.#asked.set(id, asked);
    try {
      return await asked;
    } finally {
      this.#asked.delete(id);
    }
  }

  async latest(subject: string): Promise<RegisteredSchema | undefined> {
    const answer = await this.#http.ask("GET", `/subjects/${encodeURIComponent(subject)}/versions/latest`);
    if (isUnknown(answer, UNKNOWN_SUBJECT) || isUnknown(answer, UNKNOWN_VERSION)) return undefined;
    const { id, schema: text } = answer.fields;
    if (answer.status !== 200 || typeof id !== "number" || typeof text !== "string")
      throw this.#unexpected(answer);
    return { id, text };
  }

  async requireCompatibility(subject: string): Promise<void> {
    if (this.#verifiedSubjects.get(subject) === true) return;
    const path = `/config/${encodeURIComponent(subject)}`;
    const set = await this.#http.ask("PUT", path, { compatibility: COMPATIBILITY_LEVEL });
    // 409: another process is setting it at this moment. What stands afterwards is verified all the same.
    if (set.status !== 200 && set.status !== 409) throw this.#unexpected(set);
    const verified = await this.#http.ask("GET", path);
    if (verified.fields["compatibilityLevel"] !== COMPATIBILITY_LEVEL) throw this.#unexpected(verified);
    this.#verifiedSubjects.set(subject, true);
  }

  async register(subject: string, text: string): Promise<number> {
    await this.requireCompatibility(subject);
    const { requestTimeoutMs, url } = this.#settings;
    const signal = AbortSignal.timeout(requestTimeoutMs);
    const client = this.#openClient(signal);
    const registered = client.register(
      { type: SchemaType.AVRO, schema: text },
      { subject, compatibility: COMPATIBILITY.FULL_TRANSITIVE },
    );
    try {
      return (await within(registered, signal)).id;
    } catch (error) {
      if (signal.aborted)
        throw new RegistryUnavailableError(url, "no answer within the time-out", { cause: error });
      if (isRefusedAsIncompatible(error)) throw new IncompatibleSchemaError(subject, error.message, error);
      if (isRefused(error)) throw refusal(subject, error);
      const reason = error instanceof Error ? error.message : String(error);
      throw new RegistryUnavailableError(url, reason, { cause: error });
    }
  }

  async #askText(id: number): Promise<string> {
    const answer = await this.#http.ask("GET", `/schemas/ids/${id}`);
    if (isUnknown(answer, UNKNOWN_SCHEMA)) throw new UnknownSchemaError(id);
    const text = answer.fields["schema"];
    if (answer.status !== 200 || typeof text !== "string") throw this.#unexpected(answer);
    // Else good records would be rejected for as long as it is remembered.
    const { schemaType = "AVRO" } = answer.fields;
    if (schemaType === "AVRO" && !isJson(text)) throw this.#unexpected(answer);
    return text;
  }

  /** One for each registration: they are rare, and the client's cache has no bound. */
  #openClient(signal: AbortSignal): ConfluentClient {
    const { url, username, password, tls } = this.#settings;
    const agent = url.startsWith("https:")
      ? new HttpsAgent(tls === undefined ? {} : tlsOptions(tls))
      : new HttpAgent();
    return new ConfluentClient({
      host: url,
      agent,
      retry: { retries: 0 },
      middlewares: [() => ({ prepareRequest: async (next) => (await next()).enhance({ signal }) })],
      ...(username === undefined || password === undefined
        ? {}
        : { auth: { username, password: password.reveal() } }),
    });
  }

  #unexpected({ status, fields }: RegistryAnswer): RegistryUnavailableError {
    return new RegistryUnavailableError(
      this.#settings.url,
      `status ${status}: ${JSON.stringify(fields).slice(0, 200)}`,
    );
  }
}

/** No registry takes anything else for an Avro schema. */
function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isUnknown(answer: RegistryAnswer, errorCode: number): boolean {
  return answer.status === 404 && answer.fields["error_code"] === errorCode;
}

/** The client's promise may never settle: an answer that breaks off halfway settles nothing in it. */
async function within<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(new Error("no answer within the time-out")), {
      once: true,
    });
  });
  return await Promise.race([promise, aborted]);
}

/** Of the client's statuses only these are the registry's own: it gives 400 to a refused connection. */
const STATUS_INCOMPATIBLE = 409;
const STATUS_INVALID = 422;

function isRefusedAsIncompatible(error: unknown): error is Error {
  return error instanceof Error && "status" in error && error.status === STATUS_INCOMPATIBLE;
}

/** Refused for another reason: by the registry, or by the client before it asked. Of a fault it gives a status. */
function isRefused(error: unknown): error is Error {
  return error instanceof Error && (!("status" in error) || error.status === STATUS_INVALID);
}

function refusal(subject: string, cause: Error): FatalError {
  return new FatalError(`the registry takes no such schema under subject ${subject} (${cause.message})`, {
    fix: `check the schema, and that the subject's compatibility is ${COMPATIBILITY_LEVEL}`,
    cause,
  });
}
