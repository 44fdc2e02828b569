import { jarsPlace } from "./jars/ensure-jars.js";
import { type CommandResult, runCommand } from "./run-command.js";
import { javaForKafka } from "./servers/kafka.js";
import { findJava } from "./tools/find-tools.js";
import { toolsMissing } from "./tools/ensure-tools.js";

const TOOL_HEAP_MB = 256;
const TOOL_BOUND_MS = 120_000;

export interface KafkaToolOptions {
  readonly input?: string | Buffer;
  /** Standard output goes into this file instead of the result. */
  readonly outputFile?: string;
  /** Default two minutes. */
  readonly boundMs?: number;
}

/**
 * Runs one of Kafka's own command-line tools, e.g. `org.apache.kafka.tools.consumer.ConsoleConsumer`. Its log goes
 * to standard error, so standard output is the answer alone. Some tools report a failure there, with exit code 0.
 * The stack's files must have been fetched: that is so where a stack was started on this machine.
 */
export async function kafkaTool(
  className: string,
  args: readonly string[],
  options: KafkaToolOptions = {},
): Promise<CommandResult> {
  const java = await findJava();
  if (java === undefined) throw toolsMissing(["java"]);
  const jars = await jarsPlace();
  return runCommand(
    java,
    [
      ...javaForKafka(jars.kafkaClassPath, TOOL_HEAP_MB, true),
      "-Dlastknown.log.level=WARN",
      className,
      ...args,
    ],
    {
      boundMs: options.boundMs ?? TOOL_BOUND_MS,
      ...(options.input === undefined ? {} : { input: options.input }),
      ...(options.outputFile === undefined ? {} : { outputFile: options.outputFile }),
    },
  );
}
