/** What is wrong with a value, as the end of a sentence that begins with the setting's name: `must be …`. */
export class Problem {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Reads a value from its text, the same for a flag, a variable, the file and the default. */
export type Parse<Value> = (text: string) => Value | Problem;

/** Which kind of process reads a setting; `tools` are topics, lag, get, dlq and export. */
export type SettingUser = "replay" | "worker" | "query" | "tools";

/** One setting, by one name: `kafka-brokers` is `--kafka-brokers`, `LASTKNOWN_KAFKA_BROKERS`, and so in the file. */
export interface Setting<Value> {
  readonly name: string;
  readonly parse: Parse<Value>;
  /** As text, parsed like any other value; empty where there is none. */
  readonly default: string;
  /** What it means, with the unit. */
  readonly doc: string;
  readonly usedBy: readonly SettingUser[];
  /** Never printed. */
  readonly secret: boolean;
  /** Also read from the file named by `<name>-file`; as a flag only so, since arguments can be seen by others. */
  readonly fromFile: boolean;
}

export type SettingOptions<Value> = Omit<Setting<Value>, "secret" | "fromFile"> &
  Partial<Pick<Setting<Value>, "secret" | "fromFile">>;

export function setting<Value>(options: SettingOptions<Value>): Setting<Value> {
  return { secret: false, fromFile: false, ...options };
}

/** The settings of one section by the property that they become. */
export type SectionDefinition = Readonly<Record<string, Setting<unknown>>>;

/** The parsed values of a section. */
export type Values<Section extends SectionDefinition> = {
  readonly [Key in keyof Section]: Section[Key] extends Setting<infer Value> ? Value : never;
};

/** Tells what is wrong between settings of a section that are each right by themselves. */
export type Report = (name: string, problem: string) => void;

/** `kafka-brokers` → `LASTKNOWN_KAFKA_BROKERS` */
export function environmentName(name: string): string {
  return `LASTKNOWN_${name.toUpperCase().replaceAll("-", "_")}`;
}

/** The companion name under which the path of a file with the value is given. */
export function fileVariantName(name: string): string {
  return `${name}-file`;
}
