import type { Cluster } from "ioredis";
import type { Logger } from "../logging/index.js";
import { userOf, withoutCommand } from "./node-options.js";
import type { RedisSettings } from "../settings/index.js";

/**
 * Logs a warning where a password is set and the user of the settings needs none: whoever set it believes that the
 * cluster is closed to others. Asks one node; where that may not be asked, nothing is known.
 */
export async function warnOfUnneededPassword(
  cluster: Cluster,
  settings: RedisSettings,
  logger: Logger,
): Promise<void> {
  const user = userOf(settings);
  try {
    const description = await cluster.nodes("master")[0]?.call("ACL", "GETUSER", user);
    if (takesAnyPassword(description)) logger.warn("redis user needs no password, and one is set", { user });
  } catch (error) {
    logger.debug("redis user not looked up", { user, error: withoutCommand(error as Error) });
  }
}

/** @param description names and values in turn; `flags` is a list of words */
function takesAnyPassword(description: unknown): boolean {
  if (!Array.isArray(description)) return false;
  const flags: unknown = description[description.indexOf("flags") + 1];
  return Array.isArray(flags) && flags.includes("nopass");
}
