import { writeFileSync } from "node:fs";
import { ROOT } from "../root.js";
import { monitoringFiles } from "./monitoring-files.js";
import { readThresholds, ThresholdsError } from "./thresholds.js";

// Run by `npm run -w deploy monitoring`, from the thresholds that are in the file.
try {
  for (const [path, text] of monitoringFiles(readThresholds())) {
    writeFileSync(`${ROOT}${path}`, text);
    process.stdout.write(`${path}\n`);
  }
} catch (error) {
  if (!(error instanceof ThresholdsError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
