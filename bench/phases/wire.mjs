// Bytes per event on each hop, by what the kernel, Redis and the broker's files count.

import { AUDIT_TOPIC, EVENTS_TOPIC, Hops } from "../wire/hops.mjs";

/**
 * How the broker keeps both topics. The product itself sends uncompressed and has no setting for it, and of what
 * others compress it reads gzip alone. So the broker compresses, and of lz4 there is what nobody has to read.
 */
const CODECS = ["uncompressed", "gzip"];
const UNREAD_CODEC = "lz4";

/** @returns one run's figures: those with each codec; and `unread`, each of one topic alone, in a codec that nobody reads */
export async function runWire({ onFleet }) {
  const codecs = [];
  for (const codec of CODECS)
    codecs.push(await onFleet(codec, { run: (context) => wholeWay(context, codec) }));
  const unread = [
    await onFleet(`${UNREAD_CODEC}-events`, { run: eventsAlone }),
    await onFleet(`${UNREAD_CODEC}-audit`, { run: auditAlone }),
  ];
  return { codecs, unread };
}

async function wholeWay(context, codec) {
  const hops = new Hops(context);
  const filled = await hops.fill({ eventsTopic: codec, auditTopic: codec });
  const drained = await hops.drain();
  const folded = await hops.fold();
  return { codec, ...hops.end({ ...filled, ...drained, ...folded }) };
}

/** No worker could read them. */
async function eventsAlone(context) {
  const hops = new Hops(context);
  const filled = await hops.fill({ eventsTopic: UNREAD_CODEC });
  return { codec: UNREAD_CODEC, ...hops.end({ [EVENTS_TOPIC]: filled[EVENTS_TOPIC] }) };
}

/** No view could read it; a worker has nothing to read there, as its fleet is new. */
async function auditAlone(context) {
  const hops = new Hops(context);
  await hops.fill({ auditTopic: UNREAD_CODEC });
  const drained = await hops.drain();
  return { codec: UNREAD_CODEC, ...hops.end({ [AUDIT_TOPIC]: drained[AUDIT_TOPIC] }) };
}
