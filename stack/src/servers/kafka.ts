import { mkdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { allOrNoneUnderWay } from "../lifetime/all-or-none-under-way.js";
import type { ServerLaunch } from "../lifetime/launch-server.js";
import { identify } from "../lifetime/server-identity.js";
import { type CommandResult, runCommand } from "../run-command.js";
import { StackError } from "../stack-error.js";
import { type BrokerPlace, HOST, type StackState } from "../stack-layout.js";
import type { StateFile } from "../state-file.js";
import { securedSettings, withScramFile } from "./kafka-security.js";
import { type KafkaSettings, kafkaSettings, linesOf } from "./kafka-settings.js";
import type { ServerFiles } from "./server-files.js";

const FORMAT_BOUND_MS = 60_000;
const SMALL_JVM = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];
const LOG_SETTINGS = fileURLToPath(new URL("../../log4j2-stderr.properties", import.meta.url));

/** Java's arguments before the class name, for a broker or one of its tools. */
export function javaForKafka(classPath: string, heapMb: number, quickJit: boolean): string[] {
  const jit = quickJit ? SMALL_JVM : [];
  return [
    ...jit,
    "-XX:-UsePerfData",
    `-Xmx${heapMb}m`,
    `-Dlog4j2.configurationFile=${LOG_SETTINGS}`,
    "-cp",
    classPath,
  ];
}

/** What a broker has beside, or instead of, what every broker of a stack has. */
export interface BrokerVariant {
  readonly settings: KafkaSettings;
  /** More arguments of the tool that formats its folder. */
  readonly formatArguments: readonly string[];
}

const PLAIN_BROKER: BrokerVariant = { settings: {}, formatArguments: [] };

/**
 * Writes the brokers' settings and formats their folders, together. What formats is in the list of what runs
 * meanwhile: left alone it would make the folder anew after everything was removed.
 */
export async function formatBrokers(
  state: StackState,
  stateFile: StateFile,
  files: ServerFiles,
  variant: BrokerVariant = PLAIN_BROKER,
): Promise<void> {
  await allOrNoneUnderWay(
    state.layout.brokers.map((broker) => formatBroker(state, broker, stateFile, files, variant)),
  );
}

async function formatBroker(
  state: StackState,
  broker: BrokerPlace,
  stateFile: StateFile,
  files: ServerFiles,
  variant: BrokerVariant,
): Promise<void> {
  const folder = files.folderOf(broker.name);
  await rm(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const { layout } = state;
  const secured = layout.security === undefined ? {} : securedSettings(files.directory, layout, broker);
  const settings = { ...kafkaSettings(state, broker, folder), ...secured, ...variant.settings };
  writeFileSync(settingsFile(folder), linesOf(settings));
  const voters = state.layout.brokers.map(
    ({ nodeId, controllerPort, directoryId }) => `${nodeId}@${HOST}:${controllerPort}:${directoryId}`,
  );
  const format = (moreArguments: readonly string[]): Promise<CommandResult> =>
    runCommand(
      files.tools.java,
      [
        javaForKafka(files.jars.kafkaClassPath, state.kafkaHeapMb, true),
        ["-Dlastknown.log.level=WARN", "kafka.tools.StorageTool", "format"],
        ["--config", settingsFile(folder), "--cluster-id", layout.clusterId],
        ["--initial-controllers", voters.join(",")],
        moreArguments,
      ].flat(),
      {
        boundMs: FORMAT_BOUND_MS,
        cwd: folder,
        note: (pid) => stateFile.note(formatterOf(broker), identify(pid)),
      },
    );
  const result =
    layout.security === undefined
      ? await format(variant.formatArguments)
      : await withScramFile(files.directory, broker, format);
  stateFile.note(formatterOf(broker), undefined);
  if (result.exitCode !== 0) {
    const output = `${result.stdout.toString("utf8")}\n${result.stderr.toString("utf8")}`.trim();
    throw new StackError("start", `cannot format the folder of ${broker.name}:\n${output}`);
  }
}

/** The name in the list of what runs. */
function formatterOf(broker: BrokerPlace): string {
  return `${broker.name}-format`;
}

export function brokerLaunch(state: StackState, broker: BrokerPlace, files: ServerFiles): ServerLaunch {
  const folder = files.folderOf(broker.name);
  return {
    command: files.tools.java,
    args: [
      files.javaTemporaryFolder(broker.name),
      ...(state.traceRights === true ? ["-Dlastknown.rights.level=DEBUG"] : []),
      ...javaForKafka(files.jars.kafkaClassPath, state.kafkaHeapMb, state.quickJit),
      "kafka.Kafka",
      settingsFile(folder),
    ],
    cwd: folder,
    logFile: files.logFileOf(broker.name),
  };
}

function settingsFile(folder: string): string {
  return join(folder, "server.properties");
}
