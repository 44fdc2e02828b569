import { ensureJars, findJars, type Jars } from "./jars/ensure-jars.js";
import type { OnProgress } from "./progress.js";
import { ensureTools, type Tools } from "./tools/ensure-tools.js";

/** All that must be on this machine before a server can start. Maven is asked for only where files are missing. */
export async function prepareServers(onProgress: OnProgress): Promise<{ tools: Tools; jars: Jars }> {
  const whole = await findJars();
  const tools = await ensureTools({ onProgress, maven: whole === undefined });
  return { tools, jars: whole ?? (await ensureJars({ onProgress })) };
}
