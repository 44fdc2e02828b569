import type { Board } from "./boards/board.js";
import { breakdownBoard } from "./boards/breakdown.js";
import { buildBoard } from "./boards/build-board.js";
import { healthBoard } from "./boards/health.js";
import { latencyBoard } from "./boards/latency.js";
import { throughputBoard } from "./boards/throughput.js";
import { alertRules } from "./rules/alert-rules.js";
import { printRules } from "./rules/print-rules.js";
import { recordingRules } from "./rules/recording-rules.js";
import { THRESHOLDS_FILE, type Thresholds } from "./thresholds.js";

export function boards(thresholds: Thresholds): Board[] {
  return [throughputBoard(), latencyBoard(thresholds), breakdownBoard(), healthBoard(thresholds)];
}

/** All that Prometheus and Grafana read: path from the repository's root → text. */
export function monitoringFiles(thresholds: Thresholds): Map<string, string> {
  const files = new Map<string, string>();
  const rules = recordingRules(thresholds.freshWithinSeconds);
  files.set("deploy/monitoring/rules/recording.yml", printRules(rules, { from: "deploy/src/monitoring" }));
  files.set(
    "deploy/monitoring/rules/alerts.yml",
    printRules(alertRules(thresholds), { from: THRESHOLDS_FILE }),
  );
  for (const board of boards(thresholds)) {
    const text = JSON.stringify(buildBoard(board), undefined, 2);
    files.set(`deploy/monitoring/dashboards/${board.uid}.json`, `${text}\n`);
  }
  return files;
}
