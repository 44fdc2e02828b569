import { rmSync } from "node:fs";
import { join } from "node:path";
import { LOGINS, ADMIN } from "../security/rights.js";
import { SecurityFolder, STACK_NAME } from "../security/security-folder.js";
import { writeSecret } from "../security/write-secret.js";
import { type BrokerPlace, HOST, type StackLayout } from "../stack-layout.js";
import { type KafkaSettings, linesOf } from "./kafka-settings.js";

const MECHANISM = "SCRAM-SHA-512";
const LOGIN_MODULE = "org.apache.kafka.common.security.scram.ScramLoginModule";

/**
 * What a broker of a secured stack has instead of the listeners in the clear: CLIENTS takes TLS and a login by SCRAM;
 * INTERNAL, for the brokers and the stack itself, and CONTROLLER take TLS and tell by the certificate who comes. Whoever
 * has no rule of the authorizer may nothing.
 */
export function securedSettings(directory: string, layout: StackLayout, broker: BrokerPlace): KafkaSettings {
  const folder = new SecurityFolder(directory);
  const listeners = [
    `CLIENTS://${HOST}:${broker.port}`,
    `INTERNAL://${HOST}:${broker.internalPort}`,
    `CONTROLLER://${HOST}:${broker.controllerPort}`,
  ].join(",");
  const own = [...layout.brokers.map(({ name }) => name), STACK_NAME, ADMIN];
  return {
    listeners,
    "advertised.listeners": listeners,
    "inter.broker.listener.name": "INTERNAL",
    "listener.security.protocol.map": "CLIENTS:SASL_SSL,INTERNAL:SSL,CONTROLLER:SSL",
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": folder.keyStoreFile(broker.name),
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": folder.authorityFile,
    "ssl.principal.mapping.rules": "RULE:^CN=([a-z0-9-]+)$/$1/,DEFAULT",
    "listener.name.internal.ssl.client.auth": "required",
    "listener.name.controller.ssl.client.auth": "required",
    "listener.name.clients.sasl.enabled.mechanisms": MECHANISM,
    "listener.name.clients.scram-sha-512.sasl.jaas.config": `${LOGIN_MODULE} required;`,
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "allow.everyone.if.no.acl.found": "false",
    "super.users": own.map((name) => `User:${name}`).join(";"),
  };
}

/** Runs what formats a broker's folder with the users that it is to know, told in a file that nobody else may read. */
export async function withScramFile<Result>(
  directory: string,
  broker: BrokerPlace,
  run: (argumentsFromFile: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const folder = new SecurityFolder(directory);
  const file = join(folder.path, `${broker.name}.scram`);
  const users = LOGINS.map(
    (login) => `${MECHANISM}=[name=${login},password=${folder.password("kafka", login)}]`,
  );
  writeSecret(file, users.map((user) => `--add-scram\n${user}\n`).join(""));
  try {
    return await run([`@${file}`]);
  } finally {
    rmSync(file, { force: true });
  }
}

/** Writes what Kafka's own tools come as the administrator by. */
export function writeAdminConfiguration(folder: SecurityFolder): void {
  const login = `username="${ADMIN}" password="${folder.password("kafka", ADMIN)}"`;
  const settings = {
    "security.protocol": "SASL_SSL",
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": folder.authorityFile,
    "sasl.mechanism": MECHANISM,
    "sasl.jaas.config": `${LOGIN_MODULE} required ${login};`,
  };
  writeSecret(folder.kafkaAdminFile, linesOf(settings));
}
