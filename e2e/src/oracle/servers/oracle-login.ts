/** By what the oracle comes to servers that take TLS and logins only: it reads all, whoever may. */
export interface OracleLogin {
  /** PEM file of the authority that signed the servers' certificates. */
  readonly authorityFile: string;
  /** For Kafka's tools, as `--command-config`. */
  readonly kafkaFile: string;
  readonly redis: UserLogin;
  readonly registry: UserLogin;
}

export interface UserLogin {
  readonly username: string;
  readonly password: string;
}

export function kafkaArguments(login: OracleLogin | undefined): string[] {
  return login === undefined ? [] : ["--command-config", login.kafkaFile];
}
