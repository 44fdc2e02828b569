// Who drains the topic, and what each does for it, in words that the results keep.

import { bentoPeer, buildBento } from "./bento/bento-peer.mjs";
import { kafkajsPeer } from "./kafkajs/kafkajs-peer.mjs";
import { launchLastknown } from "./launch-lastknown.mjs";
import { buildStreams, streamsPeer } from "./streams/streams-peer.mjs";

export const PEERS = {
  lastknown: {
    title: "lastknown, one worker",
    does: "as it is in use: decodes each event whole, one audit request per round, one call per bucket",
    hasOwnTopics: true,
    launch: launchLastknown,
  },
  plain: {
    title: "kafkajs eachMessage",
    does: "reads the event's head; one script call and one send for each event, 16 partitions at once; the first twentieth of the topic alone",
    launch: (place) => kafkajsPeer("plain", place, 1 / 20),
  },
  pipeline: {
    title: "kafkajs eachBatch",
    does: "reads the event's head; one pipeline of script calls and one send for each batch, 16 partitions at once",
    launch: (place) => kafkajsPeer("pipeline", place, 1),
  },
  bento: {
    title: "Bento, each event",
    does: "Bento 1.8.2 as its documentation has it: one redis_script call for each event, which cuts the time from its bytes; 8 threads, batches of 40, GOGC=400",
    prepare: buildBento,
    launch: (place, program) => bentoPeer("each", place, program),
  },
  "bento-batch": {
    title: "Bento, each batch",
    does: "Bento 1.8.2 with a trick that is not in its documentation: one redis_script call for a batch of 200, all of one partition, whose states share a slot; 4 threads, GOGC=400",
    prepare: buildBento,
    launch: (place, program) => bentoPeer("batch", place, program),
  },
  streams: {
    title: "Kafka Streams 4.3.1",
    does: "cuts the time from the bytes; reduce() into a table in RocksDB on this machine, with its changelog, no Redis; one instance of 2 threads, a heap of 1 GB, the parallel collector",
    prepare: buildStreams,
    launch: streamsPeer,
  },
};
