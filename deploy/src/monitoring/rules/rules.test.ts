import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, jest } from "@jest/globals";
import { runCommand } from "@lastknown/stack";
import { parse, stringify } from "yaml";
import { ROOT } from "../../root.js";
import { boards } from "../monitoring-files.js";
import { readThresholds } from "../thresholds.js";
import { prometheusPrograms } from "../tools/prometheus-programs.js";
import { alertRules } from "./alert-rules.js";

const RULES = join(ROOT, "deploy/monitoring/rules");
const CASES = join(RULES, "tests");
/** The cases take ten seconds of a machine that has nothing else to do. */
const BOUND_MS = 280_000;
jest.setTimeout(300_000);
/** Grafana puts a duration there. */
const RATE_INTERVAL = /\$__rate_interval/g;

interface CaseFile {
  readonly group_eval_order: readonly string[];
  readonly tests: readonly {
    readonly name: string;
    readonly alert_rule_test?: readonly {
      readonly alertname: string;
      readonly exp_alerts: readonly unknown[];
    }[];
  }[];
}

const caseFiles = readdirSync(CASES).map(
  (file) => parse(readFileSync(join(CASES, file), "utf8")) as CaseFile,
);
const groups = alertRules(readThresholds());
const alerts = groups.flatMap(({ rules }) => rules);
const programs = await prometheusPrograms();
const itWithPromtool = programs === undefined ? it.skip : it;

async function promtool(...args: string[]): Promise<{ exitCode: number | null; said: string }> {
  const { exitCode, stdout, stderr } = await runCommand(programs?.promtool ?? "", args, {
    boundMs: BOUND_MS,
  });
  return { exitCode, said: `${stdout.toString()}${stderr.toString()}` };
}

describe("the alerts", () => {
  it.each(alerts.map(({ alert }) => alert))(
    "%s has a case in which it fires, and one in which it is silent",
    (name) => {
      const expected = caseFiles
        .flatMap(({ tests }) => tests)
        .flatMap(({ alert_rule_test: tests = [] }) => tests)
        .filter(({ alertname }) => alertname === name)
        .map(({ exp_alerts: fired }) => fired.length > 0);
      expect(new Set(expected)).toEqual(new Set([true, false]));
    },
  );

  it("that cases ask for are there, and their groups too", () => {
    const asked = caseFiles.flatMap(({ tests }) =>
      tests.flatMap(({ alert_rule_test: ofTest = [] }) => ofTest.map(({ alertname }) => alertname)),
    );
    expect(asked.filter((name) => !alerts.some(({ alert }) => alert === name))).toEqual([]);
    for (const { group_eval_order: order } of caseFiles) {
      expect(order).toEqual(["lastknown-names", "lastknown-freshness", ...groups.map(({ name }) => name)]);
    }
  });

  it("have a section in the runbooks each, and no section is left over", () => {
    const page = readFileSync(join(ROOT, "docs/runbooks.md"), "utf8");
    const sections = [...page.matchAll(/^## (Lastknown\w+)$([^]*?)(?=^## |(?![^]))/gm)];
    expect(sections.map(([, title]) => title)).toEqual(alerts.map(({ alert }) => alert));
    for (const [, title = "", text = ""] of sections) {
      const parts = [...text.matchAll(/^\*\*(.+?)\*\*/gm)].map(([, part]) => part);
      expect([title, ...parts]).toEqual([title, "What it means.", "Look at.", "Do."]);
    }
  });

  it("name their section", () => {
    const { runbooks } = readThresholds();
    // As GitHub and others make anchors of titles.
    for (const { alert, annotations } of alerts)
      expect(annotations.runbook_url).toBe(`${runbooks}#${alert.toLowerCase()}`);
  });
});

describe("Prometheus' own check", () => {
  itWithPromtool("takes the rules", async () => {
    const { exitCode, said } = await promtool(
      "check",
      "rules",
      join(RULES, "recording.yml"),
      join(RULES, "alerts.yml"),
    );
    expect([exitCode, said]).toEqual([0, expect.stringContaining("SUCCESS")]);
  });

  itWithPromtool("finds that each case comes out as it says", async () => {
    const files = readdirSync(CASES).map((file) => join(CASES, file));
    const { exitCode, said } = await promtool("test", "rules", ...files);
    expect([said.replace(/^Unit Testing: .*$|^ {2}SUCCESS$/gm, "").trim(), exitCode]).toEqual(["", 0]);
  });

  itWithPromtool("can read every expression of the boards", async () => {
    const expressions = boards(readThresholds())
      .flatMap(({ panels }) => panels)
      .flatMap(({ queries }) => queries)
      .map(({ expr }) => expr.replace(RATE_INTERVAL, "1m"));
    const folder = mkdtempSync(join(tmpdir(), "lastknown-expressions-"));
    try {
      const file = join(folder, "expressions.yml");
      const rules = expressions.map((expr, index) => ({ record: `expression:${index}`, expr }));
      writeFileSync(file, stringify({ groups: [{ name: "boards", rules }] }));
      const { exitCode, said } = await promtool("check", "rules", file);
      expect([exitCode, said]).toEqual([0, expect.stringContaining(`${rules.length} rules found`)]);
      writeFileSync(
        file,
        stringify({ groups: [{ name: "broken", rules: [{ record: "x", expr: "sum(" }] }] }),
      );
      expect((await promtool("check", "rules", file)).exitCode).not.toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
