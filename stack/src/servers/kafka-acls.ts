import type { KafkaOperation, KafkaRight, PrincipalRights } from "../security/rights.js";
import { request, requestHeader } from "./kafka-requests.js";
import type { ServerAccess } from "./server-access.js";

const CREATE_ACLS_KEY = 30;
const CREATE_ACLS_VERSION = 1;
const RESOURCE_CODES = { topic: 2, group: 3 } as const;
const LITERAL = 3;
const ALLOW = 3;
const OPERATION_CODES: Readonly<Record<KafkaOperation, number>> = {
  Read: 3,
  Write: 4,
  Create: 5,
  Describe: 8,
  DescribeConfigs: 10,
};

/**
 * Gives each principal its rights, in one request; those that are there already stay as they are.
 * @throws Error where the broker refuses any of them, or does not answer within the bound
 */
export async function createAcls(
  port: number,
  rights: readonly PrincipalRights[],
  { access, boundMs }: { access: ServerAccess; boundMs: number },
): Promise<void> {
  const acls = rights.flatMap(({ principal, kafka }) => kafka.map((right) => aclOf(principal, right)));
  const answer = await request(port, createAclsRequest(acls), { access, boundMs });
  const refusal = refusalIn(answer);
  if (refusal !== undefined) throw new Error(`Kafka does not take the rights of users: ${refusal}`);
}

function aclOf(principal: string, { resource, name, operation }: KafkaRight): Buffer {
  return Buffer.concat([
    Buffer.from([RESOURCE_CODES[resource]]),
    text(name),
    Buffer.from([LITERAL]),
    text(`User:${principal}`),
    text("*"),
    Buffer.from([OPERATION_CODES[operation], ALLOW]),
  ]);
}

/** CreateAcls, version 1: an array of resource type, name, pattern type, principal, host, operation, permission. */
export function createAclsRequest(acls: readonly Buffer[]): Buffer {
  const count = Buffer.alloc(4);
  count.writeInt32BE(acls.length, 0);
  return Buffer.concat([requestHeader(CREATE_ACLS_KEY, CREATE_ACLS_VERSION), count, ...acls]);
}

/** Correlation id, throttle time, then of each: an error code and a message or null. The first that is an error. */
export function refusalIn(answer: Buffer): string | undefined {
  const count = answer.readInt32BE(8);
  let at = 12;
  for (let index = 0; index < count; index += 1) {
    const code = answer.readInt16BE(at);
    const length = Math.max(0, answer.readInt16BE(at + 2));
    if (code !== 0) return `error ${code} ${answer.toString("utf8", at + 4, at + 4 + length)}`.trim();
    at += 4 + length;
  }
  return undefined;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "utf8");
  const length = Buffer.alloc(2);
  length.writeInt16BE(bytes.length, 0);
  return Buffer.concat([length, bytes]);
}
