import { writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A column that changes with each sending of one observation, so it is no part of the observation's identity. */
export const NOT_IDENTITY = "gateway";

const USERS_PER_KIND = 20;
const HEADER = "user_id,time_stamp,sts,speed,gateway";

/** Of each pair the second is the greater, by UTF-8 bytes: that of `beyond` is the lesser by UTF-16 units. */
const GATEWAYS = { same: ["north", "south"], beyond: ["\uff5e", "\u{1f600}"] } as const;

/**
 * Writes rows of which the newest is decided by the last fields of the order alone, and gives the file's path:
 *
 * - users `same-…` and `beyond-…`: one observation twice at the same microsecond, by two gateways. The orders are
 *   equal, so the greater gateway wins. It comes second for users with an even number, first for the others.
 * - users `tenth-…`: two observations of one moment, received within one second at fractions of five and six
 *   digits. As text the first would be the newer one: "…67886Z" sorts after "…678861Z".
 */
export async function tiesFile(folder: string): Promise<string> {
  const lines = [HEADER];
  for (let user = 0; user < USERS_PER_KIND; user++) {
    const minute = `2024-03-10T12:${String(user).padStart(2, "0")}`;
    for (const [kind, gateways] of Object.entries(GATEWAYS)) {
      for (const gateway of user % 2 === 0 ? gateways : gateways.toReversed())
        lines.push(`${kind}-${user},${minute}:00Z,${minute}:20.5Z,10,${gateway}`);
    }
    lines.push(`tenth-${user},${minute}:00Z,${minute}:40.67886Z,20,north`);
    lines.push(`tenth-${user},${minute}:00Z,${minute}:40.678861Z,30,north`);
  }
  const path = join(folder, "ties.csv");
  await writeFile(path, `${lines.join("\n")}\n`);
  return path;
}
