import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * What a topic takes in the logs of the stack's brokers.
 * @param {string} directory of the stack
 * @param {string} topic
 */
export async function topicBytes(directory, topic) {
  const files = await readdir(directory, { recursive: true });
  const isOfTopic = (file) => {
    const folder = basename(dirname(file));
    return file.endsWith(".log") && folder.slice(0, folder.lastIndexOf("-")) === topic;
  };
  const sizes = await Promise.all(
    files.filter(isOfTopic).map(async (file) => (await stat(join(directory, file))).size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
