import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Arrival } from "../event/arrival.js";
import { bucketOf, partitionOf } from "../event/partition.js";
import { printMoment } from "../file/moment.js";
import { redisOrder } from "../meaning/order.js";
import { answer, type JudgedArrival, type Timeline } from "../meaning/timeline.js";
import type { TopicRecord } from "../servers/topic-record.js";
import type { AnsweredEvent } from "./answers-client.js";
import { expectedEvent, expectedItem } from "./expected-answer.js";

/** What a faultless product would have written and would answer, for tests to spoil. */

export const PARTITIONS = 4;
export const SCHEMA_ID = 7;
export const AUDIT_SCHEMA_ID = 8;
export const SCHEMA_TEXT = JSON.stringify({
  type: "record",
  name: "Event",
  fields: [
    { name: "event_id", type: { type: "fixed", name: "EventId", size: 16 } },
    { name: "user", type: "string" },
    { name: "time_stamp", type: { type: "long", logicalType: "timestamp-micros" } },
    { name: "sts", type: { type: "long", logicalType: "timestamp-micros" } },
    { name: "speed", type: ["null", "double"], default: null },
    { name: "battery____", type: ["null", "string"], default: null, header: "battery (%)" },
    { name: "on", type: ["boolean", "null"] },
  ],
});

export function long(value: bigint | number): Buffer {
  let folded = BigInt.asUintN(64, (BigInt(value) << 1n) ^ (BigInt(value) >> 63n));
  const bytes: number[] = [];
  for (; folded > 0x7fn; folded >>= 7n) bytes.push(Number(folded & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(folded)]);
}

function framed(schemaId: number, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(schemaId, 1);
  return Buffer.concat([head, body]);
}

function withLength(content: Buffer): Buffer {
  return Buffer.concat([long(content.length), content]);
}

export function eventBody(arrival: Arrival): Buffer {
  const cells = JSON.parse(arrival.attributes) as Record<string, number | string | boolean>;
  const { speed, on, "battery (%)": battery } = cells;
  const double = Buffer.alloc(8);
  if (typeof speed === "number") double.writeDoubleLE(speed);
  return Buffer.concat([
    Buffer.from(arrival.eventId, "hex"),
    withLength(Buffer.from(arrival.user)),
    long(arrival.timeStamp),
    long(arrival.sts),
    speed === undefined ? long(0) : Buffer.concat([long(1), double]),
    battery === undefined ? long(0) : Buffer.concat([long(1), withLength(Buffer.from(String(battery)))]),
    on === undefined ? long(1) : Buffer.concat([long(0), Buffer.from([on === true ? 1 : 0])]),
  ]);
}

export function eventRecords(arrivals: readonly Arrival[]): TopicRecord[] {
  const ends = Array.from({ length: PARTITIONS }, () => 0);
  const records = arrivals.map((arrival): TopicRecord => {
    const partition = partitionOf(arrival.user, PARTITIONS);
    const offset = ends[partition] ?? 0;
    ends[partition] = offset + 1;
    return {
      partition,
      offset,
      timestampMs: 1_700_000_000_000 + offset,
      key: Buffer.from(arrival.user),
      value: framed(SCHEMA_ID, eventBody(arrival)),
      headers: new Map(),
    };
  });
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset);
}

/** The fleet record and a schema's copy in each partition, then an entry for each of its events. */
export function auditRecords(events: readonly TopicRecord[]): TopicRecord[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => {
    const own = events.filter((event) => event.partition === partition);
    const records: [Buffer, Buffer][] = [
      [Buffer.from("fleet"), Buffer.from('{"id":"f"}')],
      [Buffer.from(`schema:${SCHEMA_ID}`), Buffer.from(SCHEMA_TEXT)],
      ...own.map((event): [Buffer, Buffer] => [entryKey(event), entryValue(event)]),
    ];
    return records.map(([key, value], offset) => {
      return { partition, offset, timestampMs: 0, key, value, headers: new Map() };
    });
  }).flat();
}

function entryKey({ partition, offset, key, value }: TopicRecord): Buffer {
  const coordinates = Buffer.alloc(12);
  coordinates.writeUInt32BE(partition);
  coordinates.writeBigUInt64BE(BigInt(offset), 4);
  return Buffer.concat([key as Buffer, coordinates, (value as Buffer).subarray(5, 21)]);
}

function entryValue({ partition, offset, timestampMs, value }: TopicRecord): Buffer {
  const fields = [partition, offset, timestampMs, SCHEMA_ID].map(long);
  const event = withLength((value as Buffer).subarray(5));
  return framed(AUDIT_SCHEMA_ID, Buffer.concat([...fields, event]));
}

export function redisStates(timelines: ReadonlyMap<string, Timeline>): Map<string, Record<string, string>> {
  return new Map(
    [...timelines.values()].map(({ user, state }) => {
      const { arrival, order } = state;
      const hash = {
        order: redisOrder(order),
        time_stamp: printMoment(arrival.timeStamp),
        sts: printMoment(arrival.sts),
        attributes: arrival.attributes,
        source: `t.events/${arrival.source?.partition}/${arrival.source?.offset}`,
      };
      return [`t{${bucketOf(user)}}:user:${user}`, hash];
    }),
  );
}

/** Changes what the service would have answered: `path` is `history`, `latest` or `as-of`. */
export type Spoil = (path: "history" | "latest" | "as-of", body: AnsweredEvent) => AnsweredEvent | undefined;

/** A query service over timelines, whose answers a test may spoil; undefined makes a 404. */
export async function serveAnswers(
  timelines: ReadonlyMap<string, Timeline>,
  spoil: Spoil = (_path, body) => body,
): Promise<{ baseUrl: string; close: () => void }> {
  const server: Server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://service");
    const [, , , inPath = "", action] = url.pathname.split("/");
    const timeline = timelines.get(url.searchParams.get("id") ?? decodeURIComponent(inPath));
    const body =
      timeline && (action === "history" ? page(timeline, url, spoil) : single(timeline, url, spoil));
    const headers = { "x-data-source": "view", "x-data-lag-seconds": "0" };
    response.writeHead(body === undefined ? 404 : 200, headers).end(JSON.stringify(body ?? { type: "none" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function page(timeline: Timeline, url: URL, spoil: Spoil): unknown {
  const from = Number(url.searchParams.get("cursor") ?? "0");
  const to = from + Number(url.searchParams.get("limit"));
  const items = timeline.arrivals
    .map((judged) => spoil("history", { ...expectedItem(judged), source: sourceOf(judged) }))
    .filter((spoiled) => spoiled !== undefined);
  return { items: items.slice(from, to), cursor: to < items.length ? String(to) : null };
}

function single(timeline: Timeline, url: URL, spoil: Spoil): unknown {
  const [at, knownAt] = ["at", "knownAt"].map((name) => url.searchParams.get(name));
  const winner = answer(timeline, {
    ...(at ? { at: micros(at) } : {}),
    ...(knownAt ? { knownAt: micros(knownAt) } : {}),
  });
  const body = winner && { ...expectedEvent(winner), source: sourceOf(winner) };
  return body && spoil(at || knownAt ? "as-of" : "latest", body);
}

function sourceOf({ arrival }: JudgedArrival): { topic: string; partition?: number; offset?: number } {
  return { topic: "t.events", ...arrival.source };
}

function micros(text: string): bigint {
  return BigInt(Date.parse(text)) * 1000n + BigInt(text.slice(-4, -1));
}
