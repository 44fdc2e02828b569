import { type PrincipalRights, rightsOf } from "@lastknown/stack";

/** `worker: Read topic f.events` */
export type RightName = string;

export interface UsedRights {
  /** Rules of the brokers by which the very operation that they name was allowed to one of the principals. */
  readonly used: ReadonlySet<RightName>;
  /** What was denied to one of them. */
  readonly denied: ReadonlySet<RightName>;
}

/** Of the lines that StandardAuthorizer writes about who asked for what, and which rule decided. */
const LINE =
  /Principal = User:(\S+) is (Allowed|Denied) operation = (\w+) from host = \S+ on resource = (\w+):LITERAL:(\S+) .*? based on rule (.*?)(?: \(kafka|$)/;
const RULE = /resourceType=(\w+), .*?resourceName='?([^',]+)'?.*?operation=(\w+)/;

/** What the principals of the product were allowed and denied, by a broker's log at DEBUG. */
export function usedRightsIn(log: string, principals: ReadonlySet<string>): UsedRights {
  const used = new Set<RightName>();
  const denied = new Set<RightName>();
  for (const line of log.split("\n")) {
    const [, principal = "", outcome, operation = "", resource = "", name = "", rule = ""] =
      LINE.exec(line) ?? [];
    if (!principals.has(principal)) continue;
    if (outcome === "Denied") denied.add(nameOf(principal, operation, resource, name));
    const [, ruleResource = "", ruleName = "", ruleOperation = ""] = RULE.exec(rule) ?? [];
    if (outcome === "Allowed" && ruleOperation === operation) {
      used.add(nameOf(principal, ruleOperation, ruleResource, ruleName));
    }
  }
  return { used, denied };
}

export function grantedRights(fleet: string): RightName[] {
  return rightsOf(fleet).flatMap(({ principal, kafka }: PrincipalRights) =>
    kafka.map(({ resource, name, operation }) => nameOf(principal, operation, resource, name)),
  );
}

/** Kafka writes DESCRIBE_CONFIGS where its tools take DescribeConfigs. */
function nameOf(principal: string, operation: string, resource: string, name: string): RightName {
  return `${principal}: ${operation.replaceAll("_", "").toLowerCase()} ${resource.toLowerCase()} ${name}`;
}
