import { join } from "node:path";
import { pins } from "../pins.js";
import { type CommandResult, runCommand } from "../run-command.js";
import { StackError } from "../stack-error.js";
import { javaMajorOf, redisMajorOf } from "./tool-versions.js";

const VERSION_BOUND_MS = 20_000;

/** How to start the Redis server: Debian's `redis-tools` holds its binary under another name. */
export interface RedisServerCommand {
  readonly command: string;
  /** The binary looks at the name under which it was started. */
  readonly argv0: string;
}

/** The programs that the stack runs; undefined where one is absent or too old. */
export interface FoundTools {
  readonly java: string | undefined;
  readonly maven: string | undefined;
  readonly redisServer: RedisServerCommand | undefined;
  readonly redisCli: string | undefined;
}

/** @param maven whether to look for Maven at all: asking its version takes half a second */
export async function findTools(maven: boolean): Promise<FoundTools> {
  const [java, mavenFound, redisServer, redisCli] = await Promise.all([
    findJava(),
    maven ? findMaven() : undefined,
    findRedisServer(),
    findRedisCli(),
  ]);
  return { java, maven: mavenFound, redisServer, redisCli };
}

/** The first Java that is new enough: JAVA_HOME's, else the one on the PATH. */
export async function findJava(): Promise<string | undefined> {
  const home = process.env["JAVA_HOME"];
  const candidates = home === undefined || home === "" ? ["java"] : [join(home, "bin", "java"), "java"];
  for (const candidate of candidates) {
    const answer = await answerOf(candidate, ["-version"]);
    const major = answer === undefined ? undefined : javaMajorOf(textOf(answer));
    if (major !== undefined && major >= pins.javaMajorMin) return candidate;
  }
  return undefined;
}

async function findMaven(): Promise<string | undefined> {
  return (await answerOf("mvn", ["-v"]))?.exitCode === 0 ? "mvn" : undefined;
}

async function findRedisServer(): Promise<RedisServerCommand | undefined> {
  for (const command of ["redis-server", "redis-check-rdb"]) {
    const answer = await answerOf(command, ["--version"], "redis-server");
    const major = answer === undefined ? undefined : redisMajorOf(textOf(answer));
    if (major !== undefined && major >= pins.redisMajorMin) return { command, argv0: "redis-server" };
  }
  return undefined;
}

async function findRedisCli(): Promise<string | undefined> {
  return (await answerOf("redis-cli", ["--version"]))?.exitCode === 0 ? "redis-cli" : undefined;
}

async function answerOf(
  command: string,
  args: readonly string[],
  argv0: string = command,
): Promise<CommandResult | undefined> {
  try {
    return await runCommand(command, args, { boundMs: VERSION_BOUND_MS, argv0 });
  } catch (error) {
    if (error instanceof StackError && error.code === "tools-missing") return undefined;
    throw error;
  }
}

function textOf(answer: CommandResult): string {
  return `${answer.stdout.toString("utf8")}\n${answer.stderr.toString("utf8")}`;
}
