import kafkajs from "kafkajs";
import { compressGzip, inflateGzip } from "./gzip.js";
import type { KafkajsInternals } from "./kafkajs-internals.js";

/**
 * Mends two faults of kafkajs, for all its clients in this process; doing it again changes nothing. What it
 * replaces is known only of the version that loadKafkajsInternals lets through.
 */
export function repairKafkajs({ RequestQueue }: KafkajsInternals): void {
  stopIdleTimer(RequestQueue.prototype);
  // Its own gzip codec inflates without limit: half a megabyte from the network can become 500.
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.GZIP] = () => limitedGzipCodec;
}

const limitedGzipCodec = {
  compress: (encoder: { buffer: Buffer }): Promise<Buffer> => compressGzip(encoder.buffer),
  decompress: async (bytes: Buffer): Promise<Buffer> => inflateGzip(bytes),
};

const REPAIRED = Symbol.for("lastknown.kafkajs.idle-timer-stopped");

/**
 * After its first answer each connection plans a look at its waiting requests, and after that look the next one,
 * 1 ms later, for ever: 2.5 % of a core per idle connection. With nothing waiting there is nothing to plan: the
 * only place that lets a request wait plans the look itself.
 */
function stopIdleTimer(queue: KafkajsInternals["RequestQueue"]["prototype"] & { [REPAIRED]?: true }): void {
  if (queue[REPAIRED] === true) return;
  const schedule = queue.scheduleCheckPendingRequests;
  queue.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0) schedule.call(this);
  };
  queue[REPAIRED] = true;
}
