import { Problem, type Parse } from "./setting.js";
import { Secret } from "./secret.js";

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export function wholeNumber(range: { min: number; max: number }): Parse<number> {
  return (text) => {
    const number = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= range.min && number <= range.max) return number;
    return new Problem(`must be a whole number from ${range.min} to ${range.max}`);
  };
}

/** A TCP port; 0 takes any free one. */
export const port: Parse<number> = (text) => {
  // Kubernetes sets LASTKNOWN_QUERY_PORT=tcp://… by itself where a Service is named lastknown-query.
  if (text.startsWith("tcp://")) {
    return new Problem(
      "must be a port, not what Kubernetes sets for a Service: use enableServiceLinks: false",
    );
  }
  return wholeNumber({ min: 0, max: 65_535 })(text);
};

export function oneOf<const Word extends string>(words: readonly Word[]): Parse<Word> {
  return (text) => words.find((word) => word === text) ?? new Problem(`must be ${listOf(words)}`);
}

/** Several spellings, as people and tools differ on them. */
export const onOff: Parse<boolean> = (text) => {
  if (["on", "true", "1", "yes"].includes(text)) return true;
  if (["off", "false", "0", "no"].includes(text)) return false;
  return new Problem("must be on or off");
};

export const text: Parse<string> = (value) => value;

/** Blanks alone are what a template leaves whose variable was empty. */
export const secret: Parse<Secret> = (value) =>
  value.trim() === "" ? new Problem("must not be blanks alone") : new Secret(value);

/** Something whose absence is its default. */
export function optional<Value>(parse: Parse<Value>): Parse<Value | undefined> {
  return (value) => (value === "" ? undefined : parse(value));
}

/** How many servers may be named; more are not needed to find a cluster. */
const ADDRESSES_MAX = 100;

/** `host:port,[::1]:port`, at least one. */
export const addresses: Parse<readonly HostPort[]> = (list) => {
  const parts = list
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  if (parts.length === 0 || parts.length > ADDRESSES_MAX) return new Problem(WRONG_ADDRESSES);
  const parsed = parts.map(parseAddress);
  return parsed.every((address) => address !== undefined) ? parsed : new Problem(WRONG_ADDRESSES);
};

const WRONG_ADDRESSES = "must be addresses like 127.0.0.1:9092, separated by commas";

function parseAddress(address: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(address);
  if (match === null) return undefined;
  const host = match[1] ?? match[2];
  const portNumber = Number(match[3]);
  return host !== undefined && portNumber >= 1 && portNumber <= 65_535
    ? { host, port: portNumber }
    : undefined;
}

/** `host:port`, with brackets around an IPv6 host. */
export function printAddress(address: HostPort): string {
  const host = address.host.includes(":") ? `[${address.host}]` : address.host;
  return `${host}:${address.port}`;
}

/** Without its last slash. Passwords have settings of their own: one in a URL would be printed with it. */
export const httpUrl: Parse<string> = (value) => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (
    url === undefined ||
    !["http:", "https:"].includes(url.protocol) ||
    url.search !== "" ||
    url.hash !== ""
  ) {
    return new Problem("must be a URL like http://127.0.0.1:8081");
  }
  if (url.username !== "" || url.password !== "") {
    return new Problem("must not hold a user or password: those have settings of their own");
  }
  return url.href.replace(/\/+$/, "");
};

function listOf(words: readonly string[]): string {
  return `${words.slice(0, -1).join(", ")} or ${words.at(-1) ?? ""}`;
}
