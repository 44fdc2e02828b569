import { loginDefinition, loginSettings, type LoginSettings } from "./login.js";
import { httpUrl, wholeNumber } from "./parsing.js";
import { setting, type Report, type SettingUser, type Values } from "./setting.js";

/** Its TLS is for https. */
export interface RegistrySettings extends LoginSettings {
  /** Of the Confluent API, without a last slash. */
  readonly url: string;
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
  ...loginDefinition("registry", usedBy, "the registry's user (basic authentication)"),
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
  const { url, requestTimeoutMs } = values;
  const login = loginSettings("registry", values, { report, alone: false });
  if (values.tls && !url.startsWith("https:"))
    report("registry-url", "must begin with https:// where TLS is on");
  return { url, ...login, requestTimeoutMs };
}
