import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { fleetNames, loadSettings, RedisKeys } from "@lastknown/shared";
import { LOGINS as STACK_LOGINS, redisRules, rightsOf } from "@lastknown/stack";
import { LOGINS } from "../commands/stack.js";
import { tableIn } from "./markdown-table.js";

const PAGE = readFileSync(fileURLToPath(new URL("../../../docs/security.md", import.meta.url)), "utf8");
const FLEET = loadSettings({ environment: {} }).fleet.name;
const RIGHTS = rightsOf(FLEET);

/** The lines of the block of code between `<!-- name -->` and `<!-- /name -->`. */
function codeIn(name: string): string[] {
  const text = PAGE.split(`<!-- ${name} -->`)[1]?.split(`<!-- /${name} -->`)[0] ?? "";
  return (text.split(/^```.*$/m)[1] ?? "").trim().split("\n");
}

test("the page's principals and rights on Kafka are those that the stack gives", () => {
  const kinds = { read: "reads", "read-write": "reads and writes" };
  expect(tableIn(PAGE, "principals").slice(1)).toEqual(
    RIGHTS.map(({ principal, commands, redis, registry }) => [
      principal,
      commands,
      redis === undefined ? "no" : kinds[redis.keys],
      registry ? "yes" : "no",
    ]),
  );
  expect(tableIn(PAGE, "kafka-rights").slice(1)).toEqual(
    RIGHTS.flatMap(({ principal, kafka }) =>
      kafka.map(({ resource, name, operation, purpose }) => {
        return [principal, resource, `\`${name}\``, operation, purpose];
      }),
    ),
  );
});

test("the page's commands to copy are made of the same", () => {
  expect(codeIn("kafka-acls").slice(1)).toEqual(
    RIGHTS.flatMap(({ principal, kafka }) =>
      kafka.map(({ resource, name, operation }) => {
        return `acl --allow-principal User:${principal} --operation ${operation} --${resource} ${name}`;
      }),
    ),
  );
  expect(codeIn("redis-users")).toEqual(
    RIGHTS.flatMap(({ principal, redis }) =>
      redis === undefined ? [] : [`ACL SETUSER ${principal} >PASSWORD ${redisRules(redis).join(" ")}`],
    ),
  );
});

test("rights are for the names that the product uses", () => {
  const { eventsTopic, auditTopic, deadLetterTopic, workerGroup } = fleetNames(FLEET);
  const named = new Set(RIGHTS.flatMap(({ kafka }) => kafka.map(({ name }) => name)));
  expect(named).toEqual(new Set([eventsTopic, auditTopic, deadLetterTopic, workerGroup]));
  const prefixes = RIGHTS.flatMap(({ redis }) => (redis === undefined ? [] : [redis.pattern.slice(0, -1)]));
  for (const prefix of prefixes) expect(new RedisKeys(FLEET).progress(7).startsWith(prefix)).toBe(true);
  expect(LOGINS).toEqual(STACK_LOGINS);
});
