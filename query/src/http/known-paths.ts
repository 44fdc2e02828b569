import type { RouteServer } from "./route-server.js";

/** HEAD goes with each GET. */
export const METHODS_ALLOWED = "GET, HEAD";

/** Collects the paths of the routes that are added from now on, to tell a wrong method from a wrong path. */
export class KnownPaths {
  readonly #patterns: (readonly string[])[] = [];

  constructor(server: RouteServer) {
    server.addHook("onRoute", ({ url }) => void this.#patterns.push(url.split("/")));
  }

  /** Whether a route has the path of this URL, whatever its method. */
  has(url: string): boolean {
    const parts = url.replace(/[?#].*$/s, "").split("/");
    return this.#patterns.some(
      (pattern) =>
        pattern.length === parts.length && pattern.every((part, index) => fits(part, parts[index])),
    );
  }
}

function fits(part: string, given: string | undefined): boolean {
  return part.startsWith(":") ? given !== "" : part === given;
}
