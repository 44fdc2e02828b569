import { pins } from "../pins.js";
import { type OnProgress, slowStep } from "../progress.js";
import { runCommand } from "../run-command.js";
import { StackError } from "../stack-error.js";
import { APT_BOUND_MS, aptGet, aptRights, type AsRoot } from "./apt.js";
import { findTools, type FoundTools, type RedisServerCommand } from "./find-tools.js";

/** The programs that the stack runs, all of them there and new enough. */
export interface Tools {
  readonly java: string;
  readonly redisServer: RedisServerCommand;
  readonly redisCli: string;
}

export interface EnsureToolsOptions {
  readonly onProgress: OnProgress;
  /** Maven is needed only to fetch the servers' files. */
  readonly maven: boolean;
}

/**
 * Finds java, Maven and Redis. On Debian and Ubuntu, as root or with a sudo that asks for no password, what is
 * missing is installed with apt-get, and nothing else. Only `redis-tools` is asked for: `redis-server` would start
 * a service on port 6379.
 * @throws StackError `tools-missing` with the exact commands, where this cannot be done here.
 */
export async function ensureTools(options: EnsureToolsOptions): Promise<Tools> {
  const found = await findTools(options.maven);
  const missing = missingTools(found, options.maven);
  if (missing.length === 0) return toolsOf(found);
  const asRoot = await aptRights();
  if (asRoot === undefined) throw toolsMissing(missing);
  await install(asRoot, missing, options.onProgress);
  const foundNow = await findTools(options.maven);
  const stillMissing = missingTools(foundNow, options.maven);
  if (stillMissing.length > 0) throw toolsMissing(stillMissing);
  return toolsOf(foundNow);
}

type ToolName = "java" | "maven" | "redis";

export function missingTools(found: FoundTools, maven: boolean): ToolName[] {
  const missing: ToolName[] = [];
  if (found.java === undefined) missing.push("java");
  if (maven && found.maven === undefined) missing.push("maven");
  if (found.redisServer === undefined || found.redisCli === undefined) missing.push("redis");
  return missing;
}

/** The message of exit code 2: what is missing, and the commands that would install it. */
export function toolsMissing(missing: readonly ToolName[]): StackError {
  const needs: Record<ToolName, string> = {
    java: `Java ${pins.javaMajorMin} or later (java)`,
    maven: "Maven (mvn)",
    redis: `Redis ${pins.redisMajorMin} or later (redis-server, redis-cli)`,
  };
  const debian = { java: `openjdk-${pins.javaMajorMin}-jdk-headless`, maven: "maven", redis: "redis-tools" };
  const homebrew = { java: `openjdk@${pins.javaMajorMin}`, maven: "maven", redis: "redis" };
  const fedora = { java: "java-21-openjdk-headless", maven: "maven", redis: "redis" };
  const named = (names: Record<ToolName, string>): string => missing.map((tool) => names[tool]).join(" ");
  return new StackError(
    "tools-missing",
    [
      `missing: ${missing.map((tool) => needs[tool]).join(", ")}. Install with`,
      `  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${named(debian)}`,
      `  Fedora:          sudo dnf install -y ${named(fedora)}`,
      `  macOS:           brew install ${named(homebrew)}`,
    ].join("\n"),
  );
}

function toolsOf(found: FoundTools): Tools {
  const { java, redisServer, redisCli } = found;
  if (java === undefined || redisServer === undefined || redisCli === undefined) {
    throw new Error("unreachable: all tools were found");
  }
  return { java, redisServer, redisCli };
}

/** Which package carries Java differs by release; the release's own choice may be too old. */
const JAVA_PACKAGES = [
  "openjdk-17-jdk-headless",
  "openjdk-21-jdk-headless",
  "openjdk-25-jdk-headless",
] as const;

async function install(asRoot: AsRoot, missing: readonly ToolName[], onProgress: OnProgress): Promise<void> {
  await slowStep(onProgress, "apt-get update", () => aptGet(asRoot, ["update"]));
  const packages = await packagesFor(missing);
  await slowStep(onProgress, `apt-get install ${packages.join(" ")}`, () =>
    aptGet(asRoot, ["install", "-y", "--no-install-recommends", ...packages]),
  );
}

async function packagesFor(missing: readonly ToolName[]): Promise<string[]> {
  const names: string[] = [];
  if (missing.includes("java")) names.push(await firstAvailable(JAVA_PACKAGES));
  if (missing.includes("maven")) names.push("maven");
  if (missing.includes("redis")) names.push("redis-tools");
  return names;
}

async function firstAvailable(packages: readonly string[]): Promise<string> {
  for (const name of packages) {
    const answer = await runCommand("apt-cache", ["policy", name], { boundMs: APT_BOUND_MS });
    if (/Candidate: (?!\(none\))/.test(answer.stdout.toString("utf8"))) return name;
  }
  return "default-jdk-headless";
}
