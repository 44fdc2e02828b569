import { request as requestHttp, type RequestOptions } from "node:http";
import { request as requestHttps } from "node:https";
import { tlsOptions, type RegistrySettings } from "../settings/index.js";
import { RegistryUnavailableError } from "./registry-errors.js";

/** What the registry itself answered: its status and the fields of its JSON object. */
export interface RegistryAnswer {
  readonly status: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Larger answers are none of a registry's. */
const ANSWER_BYTES_MAX = 8 * 1024 * 1024;
const MEDIA_TYPE = "application/vnd.schemaregistry.v1+json";

/** Speaks the Confluent API; every request ends, headers and body, within the request time-out. */
export class RegistryHttp {
  readonly #settings: RegistrySettings;

  constructor(settings: RegistrySettings) {
    this.#settings = settings;
  }

  /** Throws RegistryUnavailableError where nothing came that the registry itself has said. */
  async ask(method: "GET" | "PUT", path: string, body?: unknown): Promise<RegistryAnswer> {
    const { url } = this.#settings;
    let answer: { status: number; text: string };
    try {
      answer = await this.#send(
        method,
        `${url}${path}`,
        body === undefined ? undefined : JSON.stringify(body),
      );
    } catch (error) {
      throw new RegistryUnavailableError(url, reasonOf(error), { cause: error });
    }
    const fields = parseObject(answer.text);
    const { status } = answer;
    if (fields === undefined)
      throw new RegistryUnavailableError(url, `status ${status} without JSON`, { status });
    if (status === 401 || status === 403 || status === 429 || status >= 500) {
      throw new RegistryUnavailableError(url, `status ${status}: ${String(fields["message"])}`, { status });
    }
    return { status, fields };
  }

  #send(method: string, url: string, body: string | undefined): Promise<{ status: number; text: string }> {
    const request = url.startsWith("https:") ? requestHttps : requestHttp;
    return new Promise((resolve, reject) => {
      const sent = request(url, this.#options(method, body), (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > ANSWER_BYTES_MAX)
            response.destroy(new Error(`the answer exceeds ${ANSWER_BYTES_MAX} bytes`));
          else chunks.push(chunk);
        });
        response.on("error", reject);
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") });
        });
      });
      sent.on("error", reject);
      sent.end(body);
    });
  }

  #options(method: string, body: string | undefined): RequestOptions {
    const { username, password, tls, requestTimeoutMs } = this.#settings;
    return {
      method,
      agent: false,
      signal: AbortSignal.timeout(requestTimeoutMs),
      headers: {
        accept: `${MEDIA_TYPE}, application/json`,
        ...(body === undefined
          ? {}
          : { "content-type": MEDIA_TYPE, "content-length": Buffer.byteLength(body) }),
      },
      ...(username === undefined || password === undefined
        ? {}
        : { auth: `${username}:${password.reveal()}` }),
      ...(tls === undefined ? {} : tlsOptions(tls)),
    };
  }
}

/** A time-out shows itself as the abort that it causes; its own cause says so. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "AbortError") return "no answer within the time-out";
  return "code" in error && error.message === "" ? String(error.code) : error.message;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
