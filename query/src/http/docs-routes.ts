import { DOCS_PAGE } from "./docs-page.js";
import type { RouteServer } from "./route-server.js";

/** The page needs nothing from elsewhere, and may load nothing from there. */
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'";

/** `/openapi.json`, and `/docs` to read and try it. */
export function addDocsRoutes(server: RouteServer): void {
  const hidden = { schema: { hide: true } };
  server.get("/openapi.json", hidden, async () => server.swagger());
  for (const path of ["/docs", "/docs/"]) {
    server.get(path, hidden, async (_request, reply) => {
      reply.header("content-security-policy", CONTENT_SECURITY_POLICY).type("text/html; charset=utf-8");
      return DOCS_PAGE;
    });
  }
}
