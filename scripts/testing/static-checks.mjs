// Lint, import directions and format: one check each.

import { join } from "node:path";
import { root } from "../bootstrap.mjs";
import { runQuietly, tailOf } from "../run-quietly.mjs";

const IMPORT_DIRECTIONS = "lastknown(import-directions)";

/** @param {import("./tally.mjs").Tally} tally */
export async function staticChecks(tally) {
  const [lint, format] = await Promise.all([
    runTool("oxlint/bin/oxlint", ["--deny-warnings", "--format", "json"]),
    runTool("prettier/bin/prettier.cjs", ["--check", "--log-level", "warn", "."]),
  ]);
  const diagnostics = diagnosticsOf(lint);
  const isDirection = ({ code }) => code === IMPORT_DIRECTIONS;
  tally.check("import directions", complaintFrom(diagnostics.filter(isDirection)));
  tally.check("lint", complaintFrom(diagnostics.filter((diagnostic) => !isDirection(diagnostic))));
  tally.check("format", format.exitCode === 0 ? undefined : tailOf(format.output));
}

function runTool(path, args) {
  return runQuietly(process.execPath, [join(root, "node_modules", path), ...args], { cwd: root });
}

/** A lint that could not run is a finding as well. */
function diagnosticsOf({ exitCode, output }) {
  try {
    const { diagnostics } = JSON.parse(output.slice(output.indexOf("{"), output.lastIndexOf("}") + 1));
    if (exitCode === 0 || diagnostics.length > 0) return diagnostics;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return [{ code: "oxlint", message: tailOf(output), filename: "", labels: [] }];
}

function complaintFrom(diagnostics) {
  if (diagnostics.length === 0) return undefined;
  return diagnostics
    .map(({ code, message, filename, labels }) => {
      const { line, column } = labels[0]?.span ?? {};
      return `  ${filename}:${line ?? 0}:${column ?? 0} ${code} ${message}`;
    })
    .join("\n");
}
