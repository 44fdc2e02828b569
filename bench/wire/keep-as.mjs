import { kafkaTool } from "@lastknown/stack";

/** The broker keeps new batches of a topic so, whatever their producer chose. */
export async function keepAs(codec, topic, brokers) {
  const entity = `--entity-type topics --entity-name ${topic}`;
  const command = `--bootstrap-server ${brokers} --alter ${entity} --add-config compression.type=${codec}`;
  const result = await kafkaTool("kafka.admin.ConfigCommand", command.split(" "));
  const stderr = result.stderr.toString();
  if (stderr.includes("Exception")) throw new Error(`${topic} cannot be kept as ${codec}: ${stderr}`);
}
