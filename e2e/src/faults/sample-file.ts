import { spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LASTKNOWN_BIN } from "../harness/lastknown.js";

export interface SampleForm {
  readonly users: number;
  readonly rows: number;
  readonly seed: number;
}

/** Writes the product's sample of hostile rows into a folder, and gives the file's path. */
export async function sampleFile(folder: string, { users, rows, seed }: SampleForm): Promise<string> {
  const path = join(folder, `sample-${users}-${rows}-${seed}.csv`);
  const file = await open(path, "w");
  const args = ["sample", "--users", users, "--rows", rows, "--seed", seed].map(String);
  const child = spawn(process.execPath, [LASTKNOWN_BIN, ...args], { stdio: ["ignore", file.fd, "inherit"] });
  const [exitCode] = (await once(child, "close")) as [number | null];
  await file.close();
  if (exitCode !== 0) throw new Error(`lastknown sample ended with ${exitCode}`);
  return path;
}

/** Rows of many users, and in the midst of them one of this user. Gives the file's path. */
export async function fileWithRowOf(user: string, folder: string): Promise<string> {
  const [header = "", ...rows] = (
    await readFile(await sampleFile(folder, { users: 20, rows: 1_000, seed: 5 }), "utf8")
  )
    .trimEnd()
    .split("\n");
  const middle = Math.floor(rows.length / 2);
  const cells = (rows[middle] ?? "").split(",");
  const row = [user, ...cells.slice(1)].join(",");
  const path = join(folder, `with-${user}.csv`);
  await writeFile(path, [header, ...rows.slice(0, middle), row, ...rows.slice(middle)].join("\n"));
  return path;
}
