import { Problem } from "../answers/problem.js";
import type { Query } from "./parameters.js";

/**
 * Takes a query string apart, strictly: a name that comes twice, percent signs without two hex digits and bytes
 * that are no UTF-8 are refused, where others would guess. The router cannot stand an exception, so what is wrong
 * is returned.
 */
export function parseQueryString(text: string): Query | Problem {
  const query: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const part of text.split("&")) {
    if (part === "") continue;
    const equals = part.indexOf("=");
    const name = decoded(equals < 0 ? part : part.slice(0, equals));
    if (name === undefined) return wrong("query", "the query string is not percent-encoded UTF-8");
    const value = decoded(equals < 0 ? "" : part.slice(equals + 1));
    if (value === undefined) return wrong(name, `${name} is not percent-encoded UTF-8`);
    if (name in query) return wrong(name, `${name} is given twice`);
    query[name] = value;
  }
  return query;
}

/** The first name in the query that the route's schema does not have. */
export function unknownName(query: unknown, schema: unknown): string | undefined {
  const properties = (schema as { properties?: object } | undefined)?.properties;
  if (properties === undefined) return undefined;
  return Object.keys(query as Query).find((name) => !Object.hasOwn(properties, name));
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

function wrong(field: string, detail: string): Problem {
  return new Problem("invalid-parameter", detail, { field });
}
