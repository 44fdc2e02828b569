import { readFileSync } from "node:fs";
import { env } from "node:process";
import { fleetDefinition, fleetSettings } from "./fleet-settings.js";
import { kafkaDefinition, kafkaSettings } from "./kafka-settings.js";
import { logDefinition, logSettings } from "./log-settings.js";
import { operationsDefinition, operationsSettings } from "./operations-settings.js";
import { queryDefinition, querySettings } from "./query-settings.js";
import { redisDefinition, redisSettings } from "./redis-settings.js";
import { registryDefinition, registrySettings } from "./registry-settings.js";
import { environmentSource, fileSource, flagSource, type SettingSource } from "./setting-sources.js";
import { environmentName, fileVariantName, Problem } from "./setting.js";
import type { Report, SectionDefinition, Setting, Values } from "./setting.js";
import { SettingsError } from "./settings-error.js";
import { allSettings, CONFIG_FILE, type EffectiveSetting, type Settings } from "./settings.js";
import { topicsDefinition, topicsSettings } from "./topics-settings.js";
import { workerDefinition, workerSettings } from "./worker-settings.js";

export interface LoadSettingsOptions {
  /** By the settings' names, as in `{ fleet: "buses" }`. Secrets only as `<name>-file`. */
  readonly flags?: Readonly<Record<string, string | undefined>>;
  /** The process's own by default. This is the only place that reads it. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly readFile?: (path: string) => string;
}

/**
 * All settings: flag > environment > file > default. Throws one SettingsError that names all that is wrong.
 *
 * @example
 *   const settings = loadSettings({ flags: { fleet: "buses" } });
 *   settings.kafka.brokers; // ["127.0.0.1:9092"]
 */
export function loadSettings(options: LoadSettingsOptions = {}): Settings {
  const loader = new SettingsLoader(options);
  const settings: Settings = {
    fleet: loader.section(fleetDefinition, fleetSettings),
    kafka: loader.section(kafkaDefinition, kafkaSettings),
    redis: loader.section(redisDefinition, redisSettings),
    registry: loader.section(registryDefinition, registrySettings),
    topics: loader.section(topicsDefinition, topicsSettings),
    worker: loader.section(workerDefinition, workerSettings),
    query: loader.section(queryDefinition, querySettings),
    operations: loader.section(operationsDefinition, operationsSettings),
    log: loader.section(logDefinition, logSettings),
    effective: loader.effective,
  };
  if (loader.problems.length > 0) throw new SettingsError(loader.problems);
  return settings;
}

/** A value as it was found: its text, or why it could not be had, and the place. */
type Found = { readonly text: string; readonly place: string } | { readonly problem: string };

/** Reads section after section and gathers what is wrong; its result counts only where `problems` is empty. */
class SettingsLoader {
  readonly problems: string[] = [];
  readonly effective: EffectiveSetting[] = [];
  readonly #readFile: (path: string) => string;
  readonly #sources: readonly SettingSource[];

  constructor(options: LoadSettingsOptions) {
    this.#readFile = options.readFile ?? ((path) => readFileSync(path, "utf8"));
    this.#sources = this.#openSources(options.flags ?? {}, options.environment ?? env);
  }

  section<Definition extends SectionDefinition, Section>(
    definition: Definition,
    assemble: (values: Values<Definition>, report: Report) => Section,
  ): Section {
    const problemsBefore = this.problems.length;
    const values = Object.fromEntries(
      Object.entries(definition).map(([key, one]) => [key, this.#valueOf(one)]),
    );
    const crossProblems: string[] = [];
    const section = assemble(values as Values<Definition>, (name, problem) => {
      crossProblems.push(`${this.#placeOf(name)} ${problem}`);
    });
    // Where a value is wrong by itself its default stands in for it, and says nothing about its neighbours.
    if (this.problems.length === problemsBefore) this.problems.push(...crossProblems);
    return section;
  }

  #openSources(
    flags: Readonly<Record<string, string | undefined>>,
    environment: Readonly<Record<string, string | undefined>>,
  ): SettingSource[] {
    const named = [
      flagSource(flags, new Set([CONFIG_FILE, ...allSettings.map(flagNameOf)])),
      environmentSource(environment, new Set([CONFIG_FILE, ...allSettings.flatMap(namesOf)])),
    ];
    const path = named
      .map(({ source }) => source.values.get(CONFIG_FILE))
      .find((found) => found !== undefined);
    if (path !== undefined) {
      const content = this.#read(path);
      if (content === undefined) this.problems.push(`--${CONFIG_FILE} ${path} cannot be read`);
      else named.push(fileSource(path, content, new Set(allSettings.flatMap(namesOf))));
    }
    this.problems.push(...named.flatMap(({ problems }) => problems));
    return named.map(({ source }) => source);
  }

  #valueOf(definition: Setting<unknown>): unknown {
    const found = this.#find(definition);
    if ("problem" in found) {
      this.problems.push(found.problem);
      return definition.parse(definition.default);
    }
    const value = definition.parse(found.text);
    const printed = definition.secret && found.text !== "" ? "(set)" : found.text;
    this.effective.push({ name: definition.name, text: printed, source: found.place });
    if (!(value instanceof Problem)) return value;
    this.problems.push(`${found.place}${quote(definition, found.text)} ${value.text}`);
    return definition.parse(definition.default);
  }

  #find(definition: Setting<unknown>): Found {
    const { name } = definition;
    for (const source of this.#sources) {
      const text = source.values.get(name);
      const path = definition.fromFile ? source.values.get(fileVariantName(name)) : undefined;
      if (text !== undefined && path !== undefined) {
        return {
          problem: `${source.place(name)} and ${source.place(fileVariantName(name))} exclude each other`,
        };
      }
      if (path !== undefined) return this.#findInFile(source.place(fileVariantName(name)), path);
      if (text !== undefined) return { text, place: source.place(name) };
    }
    return { text: definition.default, place: "default" };
  }

  /** The line ends that editors and `echo` leave are no part of a secret. */
  #findInFile(place: string, path: string): Found {
    const text = this.#read(path)?.replace(/[\r\n]+$/, "");
    if (text === undefined) return { problem: `${place} ${path} cannot be read` };
    return text === "" ? { problem: `${place} ${path} is empty` } : { text, place };
  }

  #read(path: string): string | undefined {
    try {
      return this.#readFile(path);
    } catch (error) {
      if (error instanceof Error && "code" in error) return undefined;
      throw error;
    }
  }

  #placeOf(name: string): string {
    for (const source of this.#sources) {
      const given = [name, fileVariantName(name)].find((one) => source.values.has(one));
      if (given !== undefined) return source.place(given);
    }
    return environmentName(name);
  }
}

function namesOf({ name, fromFile }: Setting<unknown>): string[] {
  return fromFile ? [name, fileVariantName(name)] : [name];
}

function flagNameOf({ name, fromFile }: Setting<unknown>): string {
  return fromFile ? fileVariantName(name) : name;
}

/** Longest part of a wrong value that is shown. */
const QUOTED_LENGTH_MAX = 60;

/** What was set, unless it is or may hold a secret: a file, or a URL with a password, which is refused by its `@`. */
function quote(definition: Setting<unknown>, text: string): string {
  if (definition.secret || definition.fromFile || text.includes("@")) return "";
  return ` ${JSON.stringify(text.length > QUOTED_LENGTH_MAX ? `${text.slice(0, QUOTED_LENGTH_MAX)}…` : text)}`;
}
