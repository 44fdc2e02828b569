import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A column that changes with each sending of one observation, so it is no part of the observation's identity. */
export const NOT_IDENTITY = "gateway";

const USERS_PER_KIND = 20;
const HEADER = "user_id,time_stamp,sts,speed,gateway";

/**
 * Writes rows of which the newest is decided by the last fields of the order alone, and gives the file's path:
 *
 * - users `same-…`: one observation twice at the same microsecond, by two gateways. The orders are equal, so the
 *   first one stays.
 * - users `tenth-…`: two observations of one moment, received within one second at fractions of five and six
 *   digits. As text the first would be the newer one: "…67886Z" sorts after "…678861Z".
 */
export async function tiesFile(folder: string): Promise<string> {
  const lines = [HEADER];
  for (let user = 0; user < USERS_PER_KIND; user++) {
    const minute = `2024-03-10T12:${String(user).padStart(2, "0")}`;
    lines.push(`same-${user},${minute}:00Z,${minute}:20.5Z,10,north`);
    lines.push(`same-${user},${minute}:00Z,${minute}:20.5Z,10,south`);
    lines.push(`tenth-${user},${minute}:00Z,${minute}:40.67886Z,20,north`);
    lines.push(`tenth-${user},${minute}:00Z,${minute}:40.678861Z,30,north`);
  }
  const path = join(folder, "ties.csv");
  await writeFile(path, `${lines.join("\n")}\n`);
  return path;
}
