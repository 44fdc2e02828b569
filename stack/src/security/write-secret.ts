import { chmodSync, writeFileSync } from "node:fs";

const OWNER_ALONE = 0o600;

/** Writes a file that nobody but its owner may read, also where it was there before. */
export function writeSecret(file: string, text: string): void {
  writeFileSync(file, text, { mode: OWNER_ALONE });
  chmodSync(file, OWNER_ALONE);
}
