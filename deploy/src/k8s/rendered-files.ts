import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { ROOT } from "../root.js";
import { buildText, type Kustomize } from "./kustomize.js";

/** Paths from the repository's root, and what the files there have to hold. */
export type RenderedFiles = ReadonlyMap<string, string>;

const MONITORING = "deploy/monitoring";
export const GENERATED = "k8s/components/monitoring/generated";
const HEAD = "# Made by `npm run k8s:render`; change what it is made of.\n";

/** The file to be applied at once: the overlay dev. */
export const INSTALL = "k8s/install.yaml";

/**
 * What k8s/ has to hold of files that stand elsewhere, as kustomize takes nothing from outside its own folder: alerting
 * rules as a PrometheusRule, the dashboards, the script that forms the Redis Cluster.
 *
 * @param monitoring where rules and dashboards are, from the repository's root; what is not there is left out
 * @throws Error for a file of rules without groups
 */
export function renderedFiles(monitoring = MONITORING): RenderedFiles {
  const dashboards = filesIn(`${monitoring}/dashboards`, ".json");
  return new Map([
    [`${GENERATED}/kustomization.yaml`, kustomization(dashboards)],
    [`${GENERATED}/prometheus-rule.yaml`, prometheusRule(`${monitoring}/rules`)],
    ...dashboards.map((name): [string, string] => [
      `${GENERATED}/dashboards/${name}`,
      read(`${monitoring}/dashboards/${name}`),
    ]),
    ["k8s/overlays/dev/redis/create-redis-cluster.sh", read("deploy/compose/create-redis-cluster.sh")],
  ]);
}

/** The overlay dev in one file, for `kubectl apply -f`; after `renderedFiles` are in place. */
export function renderedInstall(kustomize: Kustomize): string {
  return `# The overlay dev, rendered. ${HEAD.slice(2)}${buildText(kustomize, "k8s/overlays/dev")}`;
}

/** Files that were made once and are no more: those of dashboards that are gone. */
export function leftOverFiles(rendered: RenderedFiles): string[] {
  return filesIn(`${GENERATED}/dashboards`, ".json")
    .map((name) => `${GENERATED}/dashboards/${name}`)
    .filter((path) => !rendered.has(path));
}

function filesIn(folder: string, ending: string): string[] {
  const path = join(ROOT, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith(ending))
    .toSorted();
}

function kustomization(dashboards: readonly string[]): string {
  const maps = dashboards.map((name) => ({
    name: `dashboard-${name.replace(".json", "")}`,
    files: [`dashboards/${name}`],
    // Grafana's side-car looks for the label.
    options: { disableNameSuffixHash: true, labels: { grafana_dashboard: "1" } },
  }));
  return asYaml({
    apiVersion: "kustomize.config.k8s.io/v1alpha1",
    kind: "Component",
    resources: ["prometheus-rule.yaml"],
    ...(maps.length === 0 ? {} : { configMapGenerator: maps }),
  });
}

/** The groups of all files in one object. */
function prometheusRule(folder: string): string {
  const groups = filesIn(folder, ".yml").flatMap((name) => {
    const { groups: own } = (parse(read(`${folder}/${name}`)) ?? {}) as { groups?: unknown[] };
    if (!Array.isArray(own)) throw new Error(`${folder}/${name} has no groups`);
    return own;
  });
  return asYaml({
    apiVersion: "monitoring.coreos.com/v1",
    kind: "PrometheusRule",
    metadata: {
      name: "lastknown",
      labels: { "app.kubernetes.io/name": "lastknown", "app.kubernetes.io/component": "rules" },
    },
    spec: { groups },
  });
}

function asYaml(object: object): string {
  return `${HEAD}${stringify(object, { lineWidth: 0 })}`;
}

function read(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
