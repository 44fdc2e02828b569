import { existsSync } from "node:fs";
import { join } from "node:path";
import { defaultCacheFolder, runCommand, StackError, unpackDebianPackage } from "@lastknown/stack";

/** Prometheus' own programs: the server, and the one that checks its files. */
export interface PrometheusPrograms {
  readonly prometheus: string;
  readonly promtool: string;
}

const VERSION_BOUND_MS = 20_000;
const ON_PATH: PrometheusPrograms = { prometheus: "prometheus", promtool: "promtool" };

/**
 * Finds them. On Debian and Ubuntu they are fetched where they are missing, into a folder of the user's: nothing is
 * installed, and no rights are needed.
 *
 * @returns undefined where they are neither here nor to be had; the tests that need them are skipped then
 */
export async function prometheusPrograms(): Promise<PrometheusPrograms | undefined> {
  if (await run(ON_PATH)) return ON_PATH;
  const folder = join(defaultCacheFolder(), "prometheus");
  const inFolder = {
    prometheus: join(folder, "usr/bin/prometheus"),
    promtool: join(folder, "usr/bin/promtool"),
  };
  try {
    if (!existsSync(inFolder.promtool)) await unpackDebianPackage("prometheus", folder);
  } catch (error) {
    if (!(error instanceof StackError)) throw error;
    process.stderr.write(
      `prometheus and promtool are missing, and ${error.message}; their tests are skipped\n`,
    );
    return undefined;
  }
  return (await run(inFolder)) ? inFolder : undefined;
}

async function run(programs: PrometheusPrograms): Promise<boolean> {
  try {
    for (const program of Object.values(programs)) {
      const { exitCode } = await runCommand(program, ["--version"], { boundMs: VERSION_BOUND_MS });
      if (exitCode !== 0) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof StackError) return false;
    throw error;
  }
}
