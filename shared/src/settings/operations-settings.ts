import { port, text } from "./parsing.js";
import { setting, type SettingUser, type Values } from "./setting.js";

export interface OperationsSettings {
  readonly host: string;
  /** Of `/livez`, `/readyz` and `/metrics`; 0 takes any free one. */
  readonly port: number;
}

const services: readonly SettingUser[] = ["worker", "query"];
/** A replay listens only where its own flag says on which port. */
const observed: readonly SettingUser[] = ["replay", ...services];

export const operationsDefinition = {
  host: setting({
    name: "operations-host",
    parse: text,
    default: "127.0.0.1",
    doc: "the address on which /livez, /readyz and /metrics listen; 0.0.0.0 for all",
    usedBy: observed,
  }),
  port: setting({
    name: "operations-port",
    parse: port,
    default: "9464",
    doc: "their port; 0 takes any free one",
    usedBy: services,
  }),
};

export function operationsSettings(values: Values<typeof operationsDefinition>): OperationsSettings {
  return { ...values };
}
