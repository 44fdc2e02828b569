import { fleetDefinition, type FleetSettings } from "./fleet-settings.js";
import { kafkaDefinition, type KafkaSettings } from "./kafka-settings.js";
import { logDefinition, type LogSettings } from "./log-settings.js";
import { operationsDefinition, type OperationsSettings } from "./operations-settings.js";
import { queryDefinition, type QuerySettings } from "./query-settings.js";
import { redisDefinition, type RedisSettings } from "./redis-settings.js";
import { registryDefinition, type RegistrySettings } from "./registry-settings.js";
import { environmentName, fileVariantName, type Setting, type SettingUser } from "./setting.js";
import { topicsDefinition, type TopicsSettings } from "./topics-settings.js";
import { workerDefinition, type WorkerSettings } from "./worker-settings.js";

/** Everything that can be set, read once at the start and never changed. */
export interface Settings {
  readonly fleet: FleetSettings;
  readonly kafka: KafkaSettings;
  readonly redis: RedisSettings;
  readonly registry: RegistrySettings;
  readonly topics: TopicsSettings;
  readonly worker: WorkerSettings;
  readonly query: QuerySettings;
  readonly operations: OperationsSettings;
  readonly log: LogSettings;
  /** Each value as text with the place where it was set, for `lastknown config`. */
  readonly effective: readonly EffectiveSetting[];
}

export interface EffectiveSetting {
  readonly name: string;
  /** Empty where there is none, `(set)` for a secret. */
  readonly text: string;
  /** A flag, a variable, a name in the file, or `default`. */
  readonly source: string;
}

/** All settings in the order of the README's table. */
export const allSettings: readonly Setting<unknown>[] = [
  fleetDefinition,
  kafkaDefinition,
  redisDefinition,
  registryDefinition,
  topicsDefinition,
  workerDefinition,
  queryDefinition,
  operationsDefinition,
  logDefinition,
].flatMap((definition): Setting<unknown>[] => Object.values(definition));

/** One line of the README's table of settings. */
export interface SettingRow {
  readonly name: string;
  readonly flag: string;
  readonly environment: string;
  /** The variable that names a file with the value, where there is one. */
  readonly environmentFile: string | undefined;
  readonly default: string;
  /** With the unit. */
  readonly doc: string;
  readonly secret: boolean;
  readonly usedBy: readonly SettingUser[];
}

/** The name of the setting that names the file of settings. */
export const CONFIG_FILE = "config";

const configRow: SettingRow = {
  name: CONFIG_FILE,
  flag: `--${CONFIG_FILE}`,
  environment: environmentName(CONFIG_FILE),
  environmentFile: undefined,
  default: "",
  doc: "a JSON file of settings, by these names",
  secret: false,
  usedBy: ["replay", "worker", "query", "tools"],
};

/** Every setting with its names, default and meaning; the README's table is held against it. */
export const settingsTable: readonly SettingRow[] = [configRow, ...allSettings.map(rowOf)];

function rowOf(definition: Setting<unknown>): SettingRow {
  const { name, fromFile, doc, secret, usedBy } = definition;
  return {
    name,
    flag: `--${fromFile ? fileVariantName(name) : name}`,
    environment: environmentName(name),
    environmentFile: fromFile ? environmentName(fileVariantName(name)) : undefined,
    default: definition.default,
    doc,
    secret,
    usedBy,
  };
}
