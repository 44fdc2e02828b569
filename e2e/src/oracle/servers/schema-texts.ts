import { readFile } from "node:fs/promises";
import { get as getInTheClear } from "node:http";
import { get as getEncrypted } from "node:https";
import type { OracleLogin } from "./oracle-login.js";

/** Texts of schemas by their ids; undefined where the registry has none of that id. */
export type SchemaTexts = ReadonlyMap<number, string>;

const REQUEST_BOUND_MS = 10_000;

/** Asks the registry for the texts of some schemas. An id that it does not know is left out. */
export async function readSchemaTexts(
  registryUrl: string,
  ids: Iterable<number>,
  login?: OracleLogin,
): Promise<SchemaTexts> {
  const secured = login && {
    ca: await readFile(login.authorityFile, "utf8"),
    auth: `${login.registry.username}:${login.registry.password}`,
  };
  const texts = new Map<number, string>();
  for (const id of new Set(ids)) {
    const url = `${registryUrl}/schemas/ids/${id}`;
    const { status, text } = await get(url, secured);
    const body = JSON.parse(text) as { schema?: string; error_code?: number };
    if (typeof body.schema === "string") texts.set(id, body.schema);
    else if (body.error_code !== 40403) throw new Error(`${url} answered ${status}`);
  }
  return texts;
}

function get(
  url: string,
  secured: { ca: string; auth: string } | undefined,
): Promise<{ status: number | undefined; text: string }> {
  const options = { agent: false, signal: AbortSignal.timeout(REQUEST_BOUND_MS) } as const;
  return new Promise((resolve, reject) => {
    const request =
      secured === undefined ? getInTheClear(url, options) : getEncrypted(url, { ...options, ...secured });
    request.once("error", reject);
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () =>
        resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString("utf8") }),
      );
    });
  });
}
