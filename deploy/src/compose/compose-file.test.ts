import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { loadSettings, settingsTable } from "@lastknown/shared/settings";
import { pins } from "@lastknown/stack";
import { DCLinter } from "dclint";
import { parse } from "yaml";
import { imageEnvironment } from "../image/dockerfile.js";
import { ROOT } from "../root.js";
import { isOurs, mountsOf, portsOf, readComposeFile, type Service } from "./compose-file.js";

const { services, volumes } = readComposeFile();
const all = Object.entries(services);
const ours = all.filter(([, service]) => isOurs(service));
const isJob = ({ restart }: Service): boolean => restart === "no";
const lastknown = (args: readonly string[]): number | null =>
  spawnSync(process.execPath, [join(ROOT, "cli/bin/lastknown.js"), ...args], { timeout: 60_000 }).status;

/** What of dclint's results is read here; its own types name files that its package lacks. */
interface LintResult {
  readonly messages: readonly { readonly type: string; readonly line: number; readonly message: string }[];
}

/** What the specification's schema, or one who has to run it, does not take. Its taste in order and quotes is left out. */
async function complaintsAbout(text: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), "lastknown-compose-"));
  try {
    const file = join(folder, "docker-compose.yml");
    await writeFile(file, text);
    const linter = new DCLinter({ rules: {}, quiet: false, debug: false, exclude: [] });
    const results = linter.lintFiles([file], false) as unknown as readonly LintResult[];
    const errors = results.flatMap(({ messages }) => messages).filter(({ type }) => type === "error");
    return errors.map(({ line, message }) => `${line}: ${message}`);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe("docker-compose.yml", () => {
  it("is what the compose specification allows", async () => {
    expect(await complaintsAbout(readFileSync(join(ROOT, "docker-compose.yml"), "utf8"))).toEqual([]);
    const misspelt =
      "services:\n  kafka:\n    image: apache/kafka:4.3.1\n    healthcheck: { intervall: 5s }\n";
    expect(await complaintsAbout(misspelt)).toEqual([expect.stringContaining("/services/kafka/healthcheck")]);
  });

  it.each(all)("%s has an image of one version, of no vendor that takes them back", (_name, { image }) => {
    expect(image).toMatch(/^[a-z0-9./-]+:v?\d+\.\d+\.\d+[a-z0-9.-]*$/);
    expect(image).not.toContain("bitnami");
  });

  it("has the servers that the product is tested with", () => {
    expect(services["kafka"]?.image).toBe(`apache/kafka:${pins.kafka}`);
    expect(services["registry"]?.image).toBe(`apicurio/apicurio-registry:${pins.registry}`);
    expect(Number(/:(\d+)/.exec(services["redis-1"]?.image ?? "")?.[1])).toBeGreaterThanOrEqual(
      pins.redisMajorMin,
    );
  });

  it("builds its own image once, and never takes another of that name", () => {
    expect(ours.filter(([, { build }]) => build !== undefined).map(([name]) => name)).toEqual(["topics"]);
    expect(new Set(ours.map(([, service]) => service.pull_policy))).toEqual(new Set(["build", "never"]));
  });

  it.each(all)("%s is started again unless it is a job", (_name, service) => {
    expect(service.restart).toBe(isJob(service) ? "no" : "unless-stopped");
  });

  it.each(all)(
    "%s waits for what it needs: for jobs until they are done, for services until they are healthy",
    (_name, service) => {
      for (const [needed, { condition }] of Object.entries(service.depends_on ?? {})) {
        const other = services[needed];
        if (other === undefined) throw new Error(`there is no service ${needed}`);
        expect([needed, condition]).toEqual([
          needed,
          isJob(other) ? "service_completed_successfully" : "service_healthy",
        ]);
      }
    },
  );

  it.each(all)("%s tells whether it is healthy, unless it is a job", (_name, service) => {
    const hasOwn = service.healthcheck?.test !== undefined;
    const hasImages = isOurs(service) && service.healthcheck === undefined;
    expect(hasOwn || hasImages).toBe(!isJob(service));
  });

  it.each(all)("%s mounts what there is", (_name, service) => {
    for (const { source, target } of mountsOf(service)) {
      expect(target).toMatch(/^\//);
      if (source.startsWith("./")) expect([source, existsSync(join(ROOT, source))]).toEqual([source, true]);
      else expect(Object.keys(volumes)).toContain(source);
    }
  });

  it("has no volume that nobody mounts", () => {
    const mounted = all.flatMap(([, service]) => mountsOf(service)).map(({ source }) => source);
    expect(Object.keys(volumes).filter((volume) => !mounted.includes(volume))).toEqual([]);
  });

  it("publishes each port once, and to this machine alone", () => {
    const published = all.flatMap(([, service]) => portsOf(service));
    expect(published.filter(({ host }) => host !== "127.0.0.1")).toEqual([]);
    expect(new Set(published.map((port) => port.published)).size).toBe(published.length);
  });

  it("keeps Redis on disk, and has it refuse what does not fit instead of forgetting", () => {
    const nodes = all.filter(([name]) => /^redis-\d$/.test(name));
    expect(nodes).toHaveLength(6);
    for (const [, { command, volumes: mounted }] of nodes) {
      expect(command?.join(" ")).toMatch(
        /--cluster-enabled yes .*--appendonly yes --maxmemory \d+mb --maxmemory-policy noeviction --hash-max-listpack-value 512 --dir \/data$/,
      );
      expect(mounted).toHaveLength(1);
    }
  });

  it("makes the cluster of the very nodes that it starts", () => {
    const nodes = all.filter(([name]) => /^redis-\d$/.test(name));
    const addresses = nodes.map(([, { networks }]) => {
      const { fleet } = networks as Readonly<Record<string, { ipv4_address?: string }>>;
      return `${fleet?.ipv4_address}:6379`;
    });
    expect(services["redis-cluster"]?.command).toEqual(addresses);
    expect(Object.keys(services["redis-cluster"]?.depends_on ?? {})).toEqual(nodes.map(([name]) => name));
  });
});

describe("Prometheus and Grafana", () => {
  const read = (path: string): unknown => parse(readFileSync(join(ROOT, path), "utf8"));
  /** Of a path in a service, the one on this machine that is mounted there. */
  const hostPath = (service: string, inside: string): string => {
    const found = services[service];
    const mounts = found === undefined ? [] : mountsOf(found);
    const mount = mounts.find(({ target }) => inside === target || inside.startsWith(`${target}/`));
    if (mount === undefined) throw new Error(`${service} has nothing at ${inside}`);
    return mount.source.replace(/^\.\//, "") + inside.slice(mount.target.length);
  };

  it("are given the rules, and no cases of them", () => {
    const { rule_files: patterns } = read(hostPath("prometheus", "/etc/prometheus/prometheus.yml")) as {
      rule_files: string[];
    };
    const [pattern = "", ...others] = patterns;
    expect([pattern.split("/").at(-1), others]).toEqual(["*.yml", []]);
    const folder = join(ROOT, hostPath("prometheus", dirname(pattern)));
    const files = readdirSync(folder).filter((name) => name.endsWith(".yml"));
    expect(files.toSorted()).toEqual(["alerts.yml", "recording.yml"]);
  });

  it("are given the boards, which ask the datasource that there is", () => {
    const provider = hostPath("grafana", "/etc/grafana/provisioning/dashboards/lastknown.yml");
    const { providers } = read(provider) as { providers: { type: string; options: { path: string } }[] };
    expect(providers.map(({ type }) => type)).toEqual(["file"]);
    const folder = hostPath("grafana", providers[0]?.options.path ?? "");
    const boards = readdirSync(join(ROOT, folder)).map((name) => read(join(folder, name)));
    expect(boards).toHaveLength(4);

    const datasource = hostPath("grafana", "/etc/grafana/provisioning/datasources/prometheus.yml");
    const { datasources } = read(datasource) as { datasources: { uid: string; type: string }[] };
    const there = datasources.map(({ uid, type }) => ({ uid, type }));
    const asked = boards.flatMap((board) =>
      [...JSON.stringify(board).matchAll(/"datasource":(\{.*?\})/g)].map(
        ([, found = ""]) => JSON.parse(found) as unknown,
      ),
    );
    expect(asked.length).toBeGreaterThan(boards.length);
    for (const one of asked) expect(there).toContainEqual(one);
  });
});

describe("the product's services", () => {
  const settingsOf = (service: Service): ReturnType<typeof loadSettings> =>
    loadSettings({ environment: { ...imageEnvironment(), ...service.environment } });

  it("are these", () => {
    expect(ours.map(([name]) => name)).toEqual(["topics", "consumer", "query", "replay"]);
  });

  it.each(ours)("%s is a command of the product, with arguments that it takes", (_name, { command = [] }) => {
    const [name = "", ...args] = command;
    if (name !== "replay") expect(args).toEqual([]);
    const inRepository = command.map((arg) => arg.replace(/^\/app\//, ROOT));
    expect(lastknown(name === "replay" ? [...inRepository, "--dry-run"] : [name, "--help"])).toBe(0);
  });

  it.each(ours)("%s is given settings that there are, of servers that there are", (_name, service) => {
    const { kafka, redis, registry } = settingsOf(service);
    const hosts = [...kafka.brokers, ...redis.nodes.map(({ host }) => host), new URL(registry.url).hostname];
    for (const host of hosts) expect(Object.keys(services)).toContain(host.split(":")[0]);
    const variables = settingsTable.map(({ environment }) => environment);
    for (const name of Object.keys(service.environment ?? {}))
      expect([...variables, "NODE_OPTIONS"]).toContain(name);
  });

  it.each(ours)("%s may do no more than it has to", (_name, { read_only: readOnly, cap_drop: dropped }) => {
    expect([readOnly, dropped]).toEqual([true, ["ALL"]]);
  });

  it("query answers at the port that is published, and keeps its view in a volume", () => {
    const query = services["query"];
    if (query === undefined) throw new Error("there is no query service");
    const settings = settingsOf(query);
    expect(settings.query.host).toBe("0.0.0.0");
    expect(portsOf(query).map(({ target }) => target)).toEqual([settings.query.port]);
    expect(mountsOf(query).map(({ target }) => target)).toEqual([settings.query.dataDirectory]);
  });

  it("workers run with Node as they do on Kubernetes", () => {
    const manifest = readFileSync(new URL("../../../k8s/base/consumer.yaml", import.meta.url), "utf8");
    const [, options] = /name: NODE_OPTIONS, value: (\S+) }/.exec(manifest) ?? [];
    expect(options).toMatch(/^--max-semi-space-size=\d+$/);
    expect(services["consumer"]?.environment?.["NODE_OPTIONS"]).toBe(options);
  });

  it("workers can be as many as one likes", () => {
    const consumer = services["consumer"];
    expect([consumer?.container_name, consumer?.ports, consumer?.volumes]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("are given the time that they need to stop", () => {
    const grace = (name: string): number => 1000 * parseInt(services[name]?.stop_grace_period ?? "0", 10);
    const { worker, query } = loadSettings({ environment: imageEnvironment() });
    expect(grace("consumer")).toBeGreaterThan(worker.drainDeadlineMs);
    expect(grace("query")).toBeGreaterThan(query.drainDeadlineMs);
  });

  it("are what Prometheus asks, at the port where they tell", () => {
    const { scrape_configs: jobs } = parse(
      readFileSync(join(ROOT, "deploy/compose/prometheus.yml"), "utf8"),
    ) as {
      scrape_configs: { dns_sd_configs: { names: string[]; port: number }[] }[];
    };
    const asked = jobs.flatMap(({ dns_sd_configs: configs }) => configs);
    expect(asked.flatMap(({ names }) => names)).toEqual(["consumer", "replay", "query"]);
    const { operations } = loadSettings({ environment: imageEnvironment() });
    expect(operations.host).toBe("0.0.0.0");
    expect(asked.map(({ port }) => port)).toEqual(asked.map(() => operations.port));
    expect(services["replay"]?.command).toEqual(
      expect.arrayContaining(["--operations-port", String(operations.port)]),
    );
  });
});
