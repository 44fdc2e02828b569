import { optional, secret, text } from "./parsing.js";
import type { Secret } from "./secret.js";
import { setting, type Report, type SettingUser, type Values } from "./setting.js";
import { tlsDefinition, tlsSettings, type TlsSettings } from "./tls.js";

/** How we log in to one server, and whether the connection is encrypted. */
export interface LoginSettings {
  readonly username: string | undefined;
  readonly password: Secret | undefined;
  /** Undefined: as the server's address says by itself. */
  readonly tls: TlsSettings | undefined;
}

/** User, password and TLS of one server; `prefix` is `redis` or `registry`. */
export function loginDefinition(prefix: string, usedBy: readonly SettingUser[], userDoc: string) {
  return {
    username: usernameSetting(prefix, usedBy, userDoc),
    password: passwordSetting(prefix, usedBy),
    ...tlsDefinition(prefix, usedBy),
  };
}

export function usernameSetting(prefix: string, usedBy: readonly SettingUser[], doc: string) {
  return setting({ name: `${prefix}-username`, parse: optional(text), default: "", doc, usedBy });
}

/** Of the user that `usernameSetting` of the same prefix names; a secret. */
export function passwordSetting(prefix: string, usedBy: readonly SettingUser[]) {
  return setting({
    name: `${prefix}-password`,
    parse: optional(secret),
    default: "",
    doc: "that user's password",
    usedBy,
    secret: true,
    fromFile: true,
  });
}

/** @param alone whether a password without a user means something: Redis's default user */
export function loginSettings(
  prefix: string,
  values: Values<ReturnType<typeof loginDefinition>>,
  { report, alone }: { report: Report; alone: boolean },
): LoginSettings {
  const { username, password } = values;
  if (username !== undefined && password === undefined)
    report(`${prefix}-password`, "is missing, though a user is set");
  if (username === undefined && password !== undefined && !alone)
    report(`${prefix}-username`, "is missing, though a password is set");
  return { username, password, tls: tlsSettings(prefix, values, report) };
}
