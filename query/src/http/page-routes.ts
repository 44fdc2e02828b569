import { readPageFiles } from "./page-files.js";
import type { RouteServer } from "./route-server.js";

/** Nothing from elsewhere, nothing inside the page's own text, and nobody's frame. */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  // Kept, and asked for anew each time: after an update no file of another version stands beside the new ones.
  "cache-control": "no-cache",
};

/** The page at `/`, with all that it needs. */
export async function addPageRoutes(server: RouteServer): Promise<void> {
  for (const [path, { body, type, etag }] of await readPageFiles()) {
    server.get(path, { schema: { hide: true } }, async (request, reply) => {
      reply.headers(HEADERS).header("etag", etag);
      if (hasTag(request.headers["if-none-match"], etag)) return await reply.code(304).send();
      return await reply.type(type).send(body);
    });
  }
}

/** A tag that a proxy made weak, as it packed the file, is the same one. */
function hasTag(ifNoneMatch: string | undefined, etag: string): boolean {
  return ifNoneMatch?.split(",").some((tag) => [etag, "*"].includes(tag.trim().replace(/^W\//, ""))) ?? false;
}
