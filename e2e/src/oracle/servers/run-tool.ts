import { kafkaTool } from "@lastknown/stack";

export const CONSUMER_TOOL = "org.apache.kafka.tools.consumer.ConsoleConsumer";
/**
 * For one reading after the other: the console consumer ends after so long without a record, and on a busy machine its
 * first one takes longer than that.
 */
export const SILENCES_MS = [5_000, 20_000, 60_000];

/** What one of Kafka's own tools prints. Throws where it fails. */
export async function runTool(
  tool: string,
  args: readonly string[],
  options: { readonly outputFile?: string } = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await kafkaTool(tool, args, options);
  if (exitCode !== 0) throw new Error(`${tool} ended with ${exitCode}: ${stderr.toString()}`);
  return stdout.toString();
}
