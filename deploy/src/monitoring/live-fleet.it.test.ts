import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import {
  ChildProcess,
  freePorts,
  TestFleet,
  waitUntil,
  type QueryService,
  type Service,
} from "@lastknown/e2e/harness";
import { parse, stringify } from "yaml";
import { ROOT } from "../root.js";
import { boards } from "./monitoring-files.js";
import { alertRules } from "./rules/alert-rules.js";
import { recordingRules } from "./rules/recording-rules.js";
import { readThresholds } from "./thresholds.js";
import { metricNames } from "./tools/metric-names.js";
import { prometheusPrograms } from "./tools/prometheus-programs.js";

jest.setTimeout(240_000);

const SAMPLE = join(ROOT, "sample/fleet.csv");
const ROWS = "2000";
const READY_BOUND_MS = 60_000;
const SHOWN_BOUND_MS = 60_000;
/** Prometheus' own. */
const ALERTS = "ALERTS";
/** A moment of the past that a new Prometheus does not have, and what is only there while something fails or waits. */
const MAY_BE_EMPTY = /offset 1[hd]|> 0$|lag_reason.*== 1\)$/;

const thresholds = readThresholds();
const recorded = recordingRules(thresholds.freshWithinSeconds).flatMap(({ rules }) => rules);
const alerts = alertRules(thresholds).flatMap(({ rules }) => rules);
const queries = boards(thresholds).flatMap(({ title, panels }) =>
  panels.flatMap((panel) => panel.queries.map(({ expr }) => ({ panel: `${title}: ${panel.title}`, expr }))),
);
const programs = await prometheusPrograms();
const itWithPrometheus = programs === undefined ? it.skip : it;

describe("rules and boards, on a worker and a query service that run", () => {
  let fleet: TestFleet;
  let worker: Service;
  let query: QueryService;
  let prometheus: ChildProcess | undefined;
  let prometheusPort = 0;

  beforeAll(async () => {
    fleet = await TestFleet.create({ prefix: "monitoring" });
    worker = await fleet.startWorker({ LASTKNOWN_COUNT_BY: "driver" });
    query = await fleet.startQuery();
    [prometheusPort = 0] = await freePorts(1);
    if (programs !== undefined) prometheus = await startPrometheus(programs.prometheus);
    await fleet.replay(SAMPLE, ["--limit", ROWS]);
    await fleet.caughtUp(query);
    for (const path of ["/v1/users", "/v1/users/veh-000", "/v1/users/veh-000?at=2024-03-10T14:00:00Z"])
      expect((await fetch(query.baseUrl + path)).status).toBe(200);
  });
  afterAll(async () => {
    await prometheus?.kill("SIGTERM");
    await fleet?.close();
  });

  /** As compose has it, but that the processes are these, and all happens every second. */
  async function startPrometheus(command: string): Promise<ChildProcess> {
    const folder = join(fleet.folder, "prometheus");
    await mkdir(folder);
    const text = await readFile(join(ROOT, "deploy/compose/prometheus.yml"), "utf8");
    const { scrape_configs: jobs } = parse(text) as { scrape_configs: readonly { job_name: string }[] };
    const ports: Readonly<Record<string, number>> = {
      "lastknown-worker": worker.operationsPort,
      "lastknown-query": query.operationsPort,
    };
    for (const name of ["recording.yml", "alerts.yml"]) {
      const rules = await readFile(join(ROOT, "deploy/monitoring/rules", name), "utf8");
      await writeFile(join(folder, name), rules.replaceAll("interval: 15s", "interval: 1s"));
    }
    const config = {
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: ["recording.yml", "alerts.yml"],
      scrape_configs: jobs.map(({ job_name: name }) => ({
        job_name: name,
        static_configs: [{ targets: [`127.0.0.1:${ports[name]}`] }],
      })),
    };
    await writeFile(join(folder, "prometheus.yml"), stringify(config));
    const child = new ChildProcess({
      name: "prometheus",
      command,
      args: [
        `--config.file=${join(folder, "prometheus.yml")}`,
        `--storage.tsdb.path=${join(folder, "data")}`,
        `--web.listen-address=127.0.0.1:${prometheusPort}`,
        "--log.level=warn",
      ],
      environment: { ...process.env },
    });
    const bothUp = async (): Promise<true | undefined> => {
      const up = await seriesOf("count(up == 1)").catch(() => []);
      return up[0]?.value[1] === "2" ? true : undefined;
    };
    await waitUntil(bothUp, { what: "Prometheus to have scraped both", boundMs: READY_BOUND_MS });
    return child;
  }

  async function ask<Answer>(path: string): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${prometheusPort}/api/v1/${path}`);
    const answer = (await response.json()) as { status: string; data: Answer; error?: string };
    if (answer.status !== "success") throw new Error(`${path}: ${answer.error ?? answer.status}`);
    return answer.data;
  }

  async function seriesOf(expr: string): Promise<readonly { readonly value: readonly [number, string] }[]> {
    const { result } = await ask<{ result: readonly { value: readonly [number, string] }[] }>(
      `query?query=${encodeURIComponent(expr)}`,
    );
    return result;
  }

  it("name no metric but what these show, or a rule records", async () => {
    const pages = await Promise.all(
      [worker, query].map(async ({ operationsPort }) =>
        (await fetch(`http://127.0.0.1:${operationsPort}/metrics`)).text(),
      ),
    );
    const shown = new Set(pages.flatMap((page) => [...page.matchAll(/^\w+/gm)].map(([name]) => name)));
    const known = new Set([...shown, ...recorded.map(({ record }) => record), ALERTS]);
    const expressions = [...recorded, ...alerts, ...queries].map(({ expr }) => expr);
    const named = new Set(expressions.flatMap((expr) => [...metricNames(expr)]));
    expect(named.size).toBeGreaterThan(30);
    expect([...named].filter((name) => !known.has(name))).toEqual([]);
  });

  itWithPrometheus("are rules that Prometheus can evaluate", async () => {
    const evaluated = await waitUntil(
      async () => {
        const { groups } = await ask<{
          groups: { rules: { name: string; health: string; lastError?: string }[] }[];
        }>("rules");
        const rules = groups.flatMap((group) => group.rules);
        return rules.every(({ health }) => health !== "unknown") ? rules : undefined;
      },
      { what: "every rule to be evaluated", boundMs: SHOWN_BOUND_MS },
    );
    expect(evaluated).toHaveLength(recorded.length + alerts.length);
    expect(evaluated.filter(({ health }) => health !== "ok")).toEqual([]);
  });

  itWithPrometheus.each(queries.filter(({ expr }) => !MAY_BE_EMPTY.test(expr)))(
    "show something: $panel, $expr",
    async ({ panel, expr }) => {
      const asked = expr.replaceAll("$__rate_interval", "1m");
      const series = await waitUntil(
        async () => {
          const found = await seriesOf(asked);
          return found.length > 0 ? found : undefined;
        },
        { what: `${panel} to show something for ${asked}`, boundMs: SHOWN_BOUND_MS },
      );
      expect(series.length).toBeGreaterThan(0);
    },
  );

  itWithPrometheus("show figures that fit what was replayed", async () => {
    const single = async (expr: string): Promise<number> => Number((await seriesOf(expr))[0]?.value[1]);
    const processed = await waitUntil(
      async () => ((await single("sum(events_processed_total)")) === Number(ROWS) ? true : undefined),
      { what: "all rows to be told", boundMs: SHOWN_BOUND_MS },
    );
    expect(processed).toBe(true);
    expect(await single("sum(event_type_count)")).toBe(Number(ROWS));
    expect(await single('sum(event_type_count{event_type="absent"})')).toBeGreaterThan(0);
    expect(await single('sum(lastknown_view_arrivals_total{phase="live"})')).toBe(Number(ROWS));
    expect(await single("sum(consumer_group_pending)")).toBe(0);
    expect(await single("max(stream_lag_seconds)")).toBe(0);
    expect(await single("max(lastknown:members:max)")).toBe(1);
    expect(await single('processing_latency_seconds{quantile="0.99"}')).toBeGreaterThan(0);
  });
});
