import { nearestName } from "./nearest-name.js";
import { environmentName, fileVariantName } from "./setting.js";

/** Where settings come from, the strongest first: flags, environment, the file. */
export interface SettingSource {
  /** Values as text, by the settings' names. */
  readonly values: ReadonlyMap<string, string>;
  /** How a person finds the place: `--fleet`, `LASTKNOWN_FLEET`, `fleet in /etc/lastknown.json`. */
  place(name: string): string;
}

export interface SourceResult {
  readonly source: SettingSource;
  readonly problems: readonly string[];
}

/** Flags by the settings' names, as in `{"kafka-brokers": "127.0.0.1:9092"}`. */
export function flagSource(
  flags: Readonly<Record<string, string | undefined>>,
  known: ReadonlySet<string>,
): SourceResult {
  const values = new Map<string, string>();
  const problems: string[] = [];
  for (const [name, text] of Object.entries(flags)) {
    if (text === undefined) continue;
    if (known.has(name)) values.set(name, text);
    else problems.push(unknownName(`--${name}`, meantFlag(name, known)));
  }
  return { source: { values, place: (name) => `--${name}` }, problems };
}

function meantFlag(name: string, known: ReadonlySet<string>): string | undefined {
  const meant = known.has(fileVariantName(name))
    ? fileVariantName(name)
    : nearestName(name, known, NAME_DISTANCE_MAX);
  return meant === undefined ? undefined : `--${meant}`;
}

/** An unknown name is always wrong; this only finds what was meant. */
const NAME_DISTANCE_MAX = 3;
/** Variables of our name that are no settings: of the tools that start, measure and test the product. */
const OTHERS_VARIABLE = /^LASTKNOWN_(STACK_DIRECTORY|DATA|TEST_\w+)$/;
/** What Kubernetes sets in every container for a Service named lastknown-…, unless told not to: by name, and by value. */
const SERVICE_LINK =
  /^LASTKNOWN_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;
const SERVICE_LINK_URL = /^(tcp|udp|sctp):\/\//;

/** Variables that are empty count as not set, as container files often leave them. */
export function environmentSource(
  environment: Readonly<Record<string, string | undefined>>,
  known: ReadonlySet<string>,
): SourceResult {
  const nameOf = new Map([...known].map((name) => [environmentName(name), name]));
  const values = new Map<string, string>();
  const problems: string[] = [];
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith("LASTKNOWN_") || text === undefined || text === "") continue;
    const name = nameOf.get(variable);
    if (name !== undefined) values.set(name, text);
    else if (
      ![OTHERS_VARIABLE, SERVICE_LINK].some((others) => others.test(variable)) &&
      !SERVICE_LINK_URL.test(text)
    )
      problems.push(unknownName(variable, nearestName(variable, nameOf.keys(), NAME_DISTANCE_MAX)));
  }
  return { source: { values, place: environmentName }, problems };
}

/** A JSON object of names and values; lists may be arrays. */
export function fileSource(path: string, content: string, known: ReadonlySet<string>): SourceResult {
  const values = new Map<string, string>();
  const place = (name: string): string => `${name} in ${path}`;
  const parsed = parseObject(content);
  if (parsed === undefined)
    return { source: { values, place }, problems: [`${path} must hold one JSON object`] };

  const problems: string[] = [];
  for (const [name, value] of Object.entries(parsed)) {
    const text = textOf(value);
    if (!known.has(name))
      problems.push(unknownName(place(name), nearestName(name, known, NAME_DISTANCE_MAX)));
    else if (text === undefined)
      problems.push(`${place(name)} must be text, a number, true, false or a list of them`);
    else values.set(name, text);
  }
  return { source: { values, place }, problems };
}

function parseObject(content: string): Record<string, unknown> | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const isObject = typeof parsed === "object" && parsed !== null && !Array.isArray(parsed);
  return isObject ? (parsed as Record<string, unknown>) : undefined;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (!Array.isArray(value)) return undefined;
  const parts = value.map((part: unknown) => (Array.isArray(part) ? undefined : textOf(part)));
  return parts.every((part) => part !== undefined) ? parts.join(",") : undefined;
}

function unknownName(place: string, meant: string | undefined): string {
  return meant === undefined ? `${place} is no setting` : `${place} is no setting: did you mean ${meant}?`;
}
