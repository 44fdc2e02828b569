import { connect } from "node:net";
import { HOST } from "../stack-layout.js";

const ANSWER_BYTES_MAX = 1024 * 1024;
const METADATA_KEY = 3;
const METADATA_VERSION = 1;

/**
 * Asks a broker who else is in the cluster: a Metadata request, version 1, for no topic.
 * @returns the node ids of the brokers that take requests, in order.
 * @throws Error where the broker does not answer within the bound.
 */
export async function brokersKnownTo(port: number, boundMs: number): Promise<number[]> {
  const answer = await request(port, metadataRequest(), boundMs);
  return brokersOf(answer);
}

/** Length, header (key, version, correlation id, client id), then an empty array of topics. */
export function metadataRequest(): Buffer {
  const client = Buffer.from("lastknown-stack", "utf8");
  const body = Buffer.alloc(10 + client.length + 4);
  body.writeInt16BE(METADATA_KEY, 0);
  body.writeInt16BE(METADATA_VERSION, 2);
  body.writeInt32BE(1, 4);
  body.writeInt16BE(client.length, 8);
  client.copy(body, 10);
  body.writeInt32BE(0, 10 + client.length);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length, 0);
  return Buffer.concat([length, body]);
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
function request(port: number, bytes: Buffer, boundMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: HOST });
    let received = Buffer.alloc(0);
    const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${boundMs} ms`)), boundMs);
    socket.once("connect", () => socket.write(bytes));
    socket.on("data", (chunk) => {
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
