import { IN_THE_CLEAR, openSocket, type ServerAccess } from "./server-access.js";

const ANSWER_BYTES_MAX = 1024 * 1024;
const METADATA_KEY = 3;
const METADATA_VERSION = 1;

/**
 * Asks a broker who else is in the cluster: a Metadata request, version 1, for no topic.
 * @returns the node ids of the brokers that take requests, in order.
 * @throws Error where the broker does not answer within the bound.
 */
export async function brokersKnownTo(
  port: number,
  boundMs: number,
  access: ServerAccess = IN_THE_CLEAR,
): Promise<number[]> {
  const answer = await request(port, metadataRequest(), { access, boundMs });
  return brokersOf(answer);
}

/** Header, then an empty array of topics. Its length comes when it is sent. */
export function metadataRequest(): Buffer {
  return Buffer.concat([requestHeader(METADATA_KEY, METADATA_VERSION), Buffer.alloc(4)]);
}

/** Key, version, correlation id, client id. */
export function requestHeader(key: number, version: number): Buffer {
  const client = Buffer.from("lastknown-stack", "utf8");
  const header = Buffer.alloc(10);
  header.writeInt16BE(key, 0);
  header.writeInt16BE(version, 2);
  header.writeInt32BE(1, 4);
  header.writeInt16BE(client.length, 8);
  return Buffer.concat([header, client]);
}

/** Correlation id, then an array of brokers: node id, host, port, rack or null. */
export function brokersOf(answer: Buffer): number[] {
  const count = answer.readInt32BE(4);
  const nodeIds: number[] = [];
  let at = 8;
  for (let index = 0; index < count; index += 1) {
    nodeIds.push(answer.readInt32BE(at));
    at += 4;
    at += 2 + answer.readInt16BE(at) + 4;
    at += 2 + Math.max(0, answer.readInt16BE(at));
  }
  return nodeIds.toSorted((left, right) => left - right);
}

/** One request, one answer without its length, on a connection of its own. */
export function request(
  port: number,
  body: Buffer,
  { access, boundMs }: { access: ServerAccess; boundMs: number },
): Promise<Buffer> {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length, 0);
  return new Promise((resolve, reject) => {
    const socket = openSocket(port, access, (ready) => ready.write(Buffer.concat([length, body])));
    let received = Buffer.alloc(0);
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${boundMs} ms`)), boundMs);
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length > ANSWER_BYTES_MAX) socket.destroy(new Error("answer too long"));
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return;
      resolve(received.subarray(4, 4 + received.readInt32BE(0)));
      socket.destroy();
    });
    socket.once("error", reject);
    socket.once("close", () => {
      clearTimeout(timer);
      reject(new Error("the connection was closed before the answer"));
    });
  });
}
