import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Login,
  LOGINS,
  parentToWatch,
  type RunningStack,
  SecurityFolder,
  startStack,
} from "@lastknown/stack";
import { TestFleet } from "../harness/test-fleet.js";

/** Servers that take TLS and logins only, and a fleet on them of which each process has its own principal. */
export interface SecuredFleet {
  readonly stack: RunningStack;
  readonly fleet: TestFleet;
  readonly security: SecurityFolder;
}

/** Which principal each command comes as; all others are tools. */
const LOGIN_BY_COMMAND: Readonly<Record<string, Login>> = {
  replay: "replay",
  consume: "worker",
  query: "query",
};

export function loginOf(command: string): Login {
  return LOGIN_BY_COMMAND[command] ?? "tools";
}

/** @param redisNodes 6: with a replica for each master */
export async function startSecuredFleet(redisNodes: 3 | 6): Promise<SecuredFleet> {
  const name = `secured-${randomBytes(4).toString("hex")}`;
  const stack = await startStack({
    directory: join(tmpdir(), `lastknown-${name}`),
    temporary: true,
    watched: parentToWatch(),
    brokers: 1,
    redisNodes,
    security: { fleet: name },
    traceRights: true,
    onProgress: () => undefined,
  });
  const security = new SecurityFolder(stack.directory);
  try {
    const fleet = await TestFleet.create({
      prefix: "secured",
      name,
      environment: stack.environmentAs("tools"),
      environmentFor: (command) => environmentFor(stack, loginOf(command)),
      oracleLogin: {
        authorityFile: security.authorityFile,
        kafkaFile: security.kafkaAdminFile,
        redis: { username: "admin", password: security.password("redis", "admin") },
        registry: { username: "admin", password: security.password("registry", "admin") },
      },
    });
    return { stack, fleet, security };
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** One without a user of its own must not inherit another's. */
export function environmentFor(stack: RunningStack, login: Login): NodeJS.ProcessEnv {
  const none = Object.fromEntries(
    ["REDIS", "REGISTRY"].flatMap((server) => [
      [`LASTKNOWN_${server}_USERNAME`, undefined],
      [`LASTKNOWN_${server}_PASSWORD_FILE`, undefined],
    ]),
  );
  return { ...none, ...stack.environmentAs(login) };
}

/** Every password of the stack, none of which may be read anywhere but in the stack's own security folder. */
export function passwordsOf(security: SecurityFolder): string[] {
  const redis = ["worker", "query", "tools", "admin", "replica"] as const;
  return [
    ...LOGINS.map((login) => security.password("kafka", login)),
    ...redis.map((login) => security.password("redis", login)),
    ...(["replay", "worker", "tools", "admin"] as const).map((login) => security.password("registry", login)),
  ];
}

/** What the servers have logged, by the names of the files. */
export function serverLogsOf({ directory }: RunningStack): Map<string, string> {
  const folder = join(directory, "logs");
  return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}
