import { writeFileSync } from "node:fs";
import { ROOT } from "../root.js";
import { monitoringFiles } from "./monitoring-files.js";
import { readThresholds } from "./thresholds.js";

// Run by `npm run -w deploy monitoring`, from the thresholds that are in the file.
for (const [path, text] of monitoringFiles(readThresholds())) {
  writeFileSync(`${ROOT}${path}`, text);
  process.stdout.write(`${path}\n`);
}
