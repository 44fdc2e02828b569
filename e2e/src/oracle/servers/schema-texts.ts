/** Texts of schemas by their ids; undefined where the registry has none of that id. */
export type SchemaTexts = ReadonlyMap<number, string>;

const REQUEST_BOUND_MS = 10_000;

/** Asks the registry for the texts of some schemas. An id that it does not know is left out. */
export async function readSchemaTexts(registryUrl: string, ids: Iterable<number>): Promise<SchemaTexts> {
  const texts = new Map<number, string>();
  for (const id of new Set(ids)) {
    const url = `${registryUrl}/schemas/ids/${id}`;
    const response = await fetch(url, { signal: AbortSignal.timeout(REQUEST_BOUND_MS) });
    const body = (await response.json()) as { schema?: string; error_code?: number };
    if (typeof body.schema === "string") texts.set(id, body.schema);
    else if (body.error_code !== 40403) throw new Error(`${url} answered ${response.status}`);
  }
  return texts;
}
