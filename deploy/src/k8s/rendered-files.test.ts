import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { ROOT } from "../root.js";
import { builder, cannotBuild } from "./built.js";
import { buildObjects } from "./kustomize.js";
import { ofKind } from "./kubernetes-object.js";
import { GENERATED, renderedFiles } from "./rendered-files.js";
import { schemaComplaints } from "./schema-check.js";
import { unknownFields } from "./unknown-fields.js";

const itBuilt = cannotBuild === "" ? it : it.skip;

const LAG = `groups:
  - name: lag
    rules:
      - alert: Behind
        expr: max(lastknown_consumer_lag_seconds) > 30
        for: 5m
        labels: { severity: page }
        annotations: { summary: "behind by {{ $value }} s" }
`;
const RATES = "groups:\n  - name: rates\n    rules: [{ record: rows:rate, expr: 'rate(rows[1m])' }]\n";

describe("what is rendered of rules and dashboards", () => {
  // Within the repository, as kustomize takes relative paths alone.
  let folder: string;
  let monitoring: string;
  beforeEach(() => {
    mkdirSync(join(ROOT, ".lastknown"), { recursive: true });
    folder = mkdtempSync(join(ROOT, ".lastknown/k8s-monitoring-"));
    monitoring = relative(ROOT, folder);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(path: string, text: string): void {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }

  const rendered = (name: string): string | undefined =>
    renderedFiles(monitoring).get(`${GENERATED}/${name}`);

  itBuilt(`has every group and every dashboard, and is what the schemas take${cannotBuild}`, async () => {
    write("rules/rates.yml", RATES);
    write("rules/lag.yml", LAG);
    write("rules/README.md", "no rules");
    write("dashboards/fleet.json", '{ "title": "Fleet" }\n');
    const made = [...renderedFiles(monitoring)].filter(([path]) => path.startsWith(`${GENERATED}/`));
    for (const [path, text] of made) write(join("made", relative(GENERATED, path)), text);
    write(
      "kustomization.yaml",
      JSON.stringify({
        apiVersion: "kustomize.config.k8s.io/v1beta1",
        kind: "Kustomization",
        components: ["made"],
      }),
    );
    const objects = buildObjects(builder(), monitoring);
    expect(await schemaComplaints(objects)).toEqual([]);
    expect(await unknownFields(objects)).toEqual([]);
    expect(ofKind(objects, "PrometheusRule").map(({ spec }) => spec)).toMatchObject([
      { groups: [{ name: "lag", rules: [{ alert: "Behind" }] }, { name: "rates" }] },
    ]);
    expect(ofKind(objects, "ConfigMap")).toMatchObject([
      {
        metadata: { name: "dashboard-fleet", labels: { grafana_dashboard: "1" } },
        data: { "fleet.json": '{ "title": "Fleet" }\n' },
      },
    ]);
  });

  it("is a rule without groups where nothing is to be rendered", () => {
    expect(rendered("prometheus-rule.yaml")).toContain("groups: []");
    expect(rendered("kustomization.yaml")).not.toContain("configMapGenerator");
  });

  it.each(["", "rules: []\n"])("names a file of rules that has no groups: %j", (text) => {
    write("rules/empty.yml", text);
    expect(() => renderedFiles(monitoring)).toThrow(`${monitoring}/rules/empty.yml has no groups`);
  });
});
