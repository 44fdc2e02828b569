import { passwordSetting, usernameSetting } from "./login.js";
import { addresses, oneOf, optional, printAddress, text, wholeNumber } from "./parsing.js";
import type { Secret } from "./secret.js";
import { setting, type Report, type SettingUser, type Values } from "./setting.js";
import { tlsDefinition, tlsSettings, type TlsSettings } from "./tls.js";

export const SASL_MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512"] as const;
export type SaslMechanism = (typeof SASL_MECHANISMS)[number];

export interface SaslSettings {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  readonly password: Secret;
}

export interface KafkaSettings {
  /** `host:port` of one or more brokers; they name the others. */
  readonly brokers: string[];
  /** How the brokers' logs name us. */
  readonly clientId: string;
  readonly connectTimeoutMs: number;
  readonly requestTimeoutMs: number;
  readonly tls: TlsSettings | undefined;
  readonly sasl: SaslSettings | undefined;
}

const usedBy: readonly SettingUser[] = ["replay", "worker", "query", "tools"];

export const kafkaDefinition = {
  brokers: setting({
    name: "kafka-brokers",
    parse: addresses,
    default: "127.0.0.1:9092",
    doc: "one or more of the brokers, host:port separated by commas",
    usedBy,
  }),
  clientId: setting({
    name: "kafka-client-id",
    parse: text,
    default: "lastknown",
    doc: "how the brokers' logs and quotas name us",
    usedBy,
  }),
  connectTimeoutMs: setting({
    name: "kafka-connect-timeout-ms",
    parse: wholeNumber({ min: 100, max: 60_000 }),
    default: "3000",
    doc: "how long a connection may take to open, in ms",
    usedBy,
  }),
  requestTimeoutMs: setting({
    name: "kafka-request-timeout-ms",
    parse: wholeNumber({ min: 1000, max: 300_000 }),
    default: "15000",
    doc: "how long a request may wait for its answer, in ms",
    usedBy,
  }),
  saslMechanism: setting({
    name: "kafka-sasl-mechanism",
    parse: optional(oneOf(SASL_MECHANISMS)),
    default: "",
    doc: "how to log in: plain, scram-sha-256 or scram-sha-512; without it, not at all",
    usedBy,
  }),
  saslUsername: usernameSetting("kafka-sasl", usedBy, "the user to log in as"),
  saslPassword: passwordSetting("kafka-sasl", usedBy),
  ...tlsDefinition("kafka", usedBy),
};

export function kafkaSettings(values: Values<typeof kafkaDefinition>, report: Report): KafkaSettings {
  return {
    brokers: values.brokers.map(printAddress),
    clientId: values.clientId,
    connectTimeoutMs: values.connectTimeoutMs,
    requestTimeoutMs: values.requestTimeoutMs,
    tls: tlsSettings("kafka", values, report),
    sasl: saslSettings(values, report),
  };
}

function saslSettings(values: Values<typeof kafkaDefinition>, report: Report): SaslSettings | undefined {
  const { saslMechanism: mechanism, saslUsername: username, saslPassword: password } = values;
  if (mechanism === undefined) {
    const isLoginSet = username !== undefined || password !== undefined;
    if (isLoginSet) report("kafka-sasl-mechanism", "is missing, though a user or password is set");
    return undefined;
  }
  if (username === undefined) report("kafka-sasl-username", "is missing, though a mechanism is set");
  if (password === undefined) report("kafka-sasl-password", "is missing, though a mechanism is set");
  return username === undefined || password === undefined ? undefined : { mechanism, username, password };
}
