import { LOG_LEVELS, type LogLevel } from "../logging/index.js";
import { oneOf } from "./parsing.js";
import { setting, type SettingUser, type Values } from "./setting.js";

/** `auto` is pretty on a terminal, else JSON. */
export const LOG_FORMATS = ["auto", "json", "pretty"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LogSettings {
  readonly level: LogLevel;
  readonly format: LogFormat;
}

const everyone: readonly SettingUser[] = ["replay", "worker", "query", "tools"];

export const logDefinition = {
  level: setting({
    name: "log-level",
    parse: oneOf(LOG_LEVELS),
    default: "info",
    doc: "what is logged: debug, info, warn or error, and all that is worse",
    usedBy: everyone,
  }),
  format: setting({
    name: "log-format",
    parse: oneOf(LOG_FORMATS),
    default: "auto",
    doc: "how it is logged: json, pretty, or auto (pretty on a terminal)",
    usedBy: everyone,
  }),
};

export function logSettings(values: Values<typeof logDefinition>): LogSettings {
  return { ...values };
}
