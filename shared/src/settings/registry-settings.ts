import { httpUrl, optional, secret, text, wholeNumber } from "./parsing.js";
import type { Secret } from "./secret.js";
import { setting, type Report, type SettingUser, type Values } from "./setting.js";
import { tlsDefinition, tlsSettings, type TlsSettings } from "./tls.js";

export interface RegistrySettings {
  /** Of the Confluent API, without a last slash. */
  readonly url: string;
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  /** For https; undefined uses the system's authorities. */
  readonly tls: TlsSettings | undefined;
  /** Of each single request: the registry's client has none of its own. */
  readonly requestTimeoutMs: number;
}

const usedBy: readonly SettingUser[] = ["replay", "worker", "query", "tools"];

export const registryDefinition = {
  url: setting({
    name: "registry-url",
    parse: httpUrl,
    default: "http://127.0.0.1:8081/apis/ccompat/v7",
    doc: "the schema registry's Confluent API",
    usedBy,
  }),
  username: setting({
    name: "registry-username",
    parse: optional(text),
    default: "",
    doc: "the registry's user (basic authentication)",
    usedBy,
  }),
  password: setting({
    name: "registry-password",
    parse: optional(secret),
    default: "",
    doc: "that user's password",
    usedBy,
    secret: true,
    fromFile: true,
  }),
  ...tlsDefinition("registry", usedBy),
  requestTimeoutMs: setting({
    name: "registry-request-timeout-ms",
    parse: wholeNumber({ min: 100, max: 60_000 }),
    default: "5000",
    doc: "how long a request may wait for its answer, in ms",
    usedBy,
  }),
};

export function registrySettings(
  values: Values<typeof registryDefinition>,
  report: Report,
): RegistrySettings {
  const { url, username, password, requestTimeoutMs } = values;
  if ((username === undefined) !== (password === undefined)) {
    const missing = username === undefined ? "registry-username" : "registry-password";
    report(missing, "is missing: user and password go together");
  }
  const tls = tlsSettings("registry", values, report);
  if (values.tls && !url.startsWith("https:"))
    report("registry-url", "must begin with https:// where TLS is on");
  return { url, username, password, tls, requestTimeoutMs };
}
