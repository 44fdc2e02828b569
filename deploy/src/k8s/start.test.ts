import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { parse } from "yaml";
import { imageEnvironment } from "../image/dockerfile.js";
import { ROOT } from "../root.js";
import { cannotBuild, objectsOf, OVERLAYS } from "./built.js";
import { manifestEnvironment } from "./pod-settings.js";
import { ownWorkloadsIn } from "./workload.js";

const describeBuilt = cannotBuild === "" ? describe : describe.skip;
const WRONG_SETTINGS = 2;
const OPERATIONS_PORT = "9464";

function lastknown(args: readonly string[], environment: Record<string, string>) {
  const env = { ...imageEnvironment(), ...environment };
  const bin = join(ROOT, "cli/bin/lastknown.js");
  return spawnSync(process.execPath, [bin, ...args], { env, encoding: "utf8", timeout: 60_000 });
}

type PodCommand = [name: string, args: string[], environment: Record<string, string>];

/** Each pod's command, as it stands in an overlay. */
function commands(overlay: string): PodCommand[] {
  // jest takes no empty table, not even where it skips.
  if (cannotBuild !== "") return [["nothing", [], {}]];
  const objects = objectsOf(overlay);
  return ownWorkloadsIn(objects).map((workload) => [
    workload.name,
    [...(workload.containers[0]?.args ?? [])],
    manifestEnvironment(workload, objects),
  ]);
}

describeBuilt(`what the pods run${cannotBuild}`, () => {
  it.each(OVERLAYS.flatMap(commands))(
    "%s is a command of the product, with arguments that it takes",
    (_name, args) => {
      const [command = "", ...rest] = args;
      if (command === "replay") {
        expect(dryRunOf(rest)).toEqual([0, expect.stringContaining("2,000 rows read, nothing sent")]);
      } else {
        expect(rest).toEqual([]);
        expect(lastknown([command, "--help"], {}).status).toBe(0);
      }
    },
  );

  it.each(commands("k8s/overlays/prod"))(
    "%s names all files of Secrets that are missing, and ends",
    (_name, args, environment) => {
      const { status, stderr } = lastknown(args, environment);
      expect(status).toBe(WRONG_SETTINGS);
      const files = Object.entries(environment).filter(([name]) => name.endsWith("_FILE"));
      expect(files).toHaveLength(6);
      for (const [name, path] of files) expect(stderr).toContain(`${name} ${path} cannot be read`);
    },
  );

  it.each(commands("k8s/overlays/dev"))(
    "%s refuses what is no setting, and what service links would add",
    (_name, args, environment) => {
      const wrong = {
        LASTKNOWN_KAFKA_BROKER: "kafka:9092",
        LASTKNOWN_QUERY_PORT: "tcp://10.96.0.17:8080",
        LASTKNOWN_PARTITIONS: "17",
      };
      const { status, stderr } = lastknown(args, { ...environment, ...wrong });
      expect(status).toBe(WRONG_SETTINGS);
      for (const name of Object.keys(wrong)) expect(stderr).toContain(name);
      expect(stderr).toContain("enableServiceLinks");
    },
  );
});

describe("the component replay-file", () => {
  it("gives the replay arguments that it takes", () => {
    const text = readFileSync(join(ROOT, "k8s/components/replay-file/kustomization.yaml"), "utf8");
    const { patches } = parse(text) as { patches: { patch: string }[] };
    const operations = patches.flatMap(({ patch }) => parse(patch) as { path: string; value: string[] }[]);
    const [command, ...args] = operations.find(({ path }) => path.endsWith("/args"))?.value ?? [];
    expect(command).toBe("replay");
    const here = args.map((arg) => arg.replace("/files/rows.csv", join(ROOT, "sample/fleet.csv")));
    expect(dryRunOf(here)).toEqual([0, expect.stringContaining("2,000 rows read, nothing sent")]);
  });
});

/** Of a replay with the pod's arguments, here: its exit code and what it says. */
function dryRunOf(args: readonly string[]): [number | null, string] {
  const inRepository = args.map((arg) => arg.replace(/^\/app\//, ROOT));
  // The pod's port may be taken here.
  const free = inRepository.map((arg) => (arg === OPERATIONS_PORT ? "0" : arg));
  const here = { LASTKNOWN_OPERATIONS_HOST: "127.0.0.1" };
  const { status, stderr } = lastknown(["replay", ...free, "--dry-run"], here);
  return [status, stderr];
}
