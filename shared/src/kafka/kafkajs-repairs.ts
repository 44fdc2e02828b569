import kafkajs from "kafkajs";
import { compressGzip, inflateGzip } from "./gzip.js";
import type {
  ClosableConnection,
  ConnectableBroker,
  CoordinatorFinder,
  JoiningGroup,
  KafkajsInternals,
} from "./kafkajs-internals.js";

/** Two copies of this module may meet the same kafkajs. */
const REPAIRED = Symbol.for("lastknown.kafkajs.repaired");

/**
 * Mends seven faults of kafkajs, for all its clients in this process; doing it again changes nothing. What it
 * replaces is known only of the version that loadKafkajsInternals lets through.
 */
export function repairKafkajs({
  Cluster,
  RequestQueue,
  Broker,
  Connection,
  ConsumerGroup,
  SocketRequest,
}: KafkajsInternals): void {
  if (Object.hasOwn(Cluster.prototype, REPAIRED)) return;
  Object.defineProperty(Cluster.prototype, REPAIRED, { value: true });
  stopIdleTimer(RequestQueue.prototype);
  connectedOnceGreeted(Broker.prototype);
  closeUnanswered(Connection.prototype);
  tellWhyNoCoordinator(Cluster.prototype);
  keepTimeOf(ConsumerGroup.prototype, "lastRequest");
  beginLostMembershipAnew(ConsumerGroup.prototype);
  keepTimeOf(SocketRequest.prototype, "sentAt");
  // Its own gzip codec inflates without limit: half a megabyte from the network can become 500.
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.GZIP] = () => limitedGzipCodec;
}

const limitedGzipCodec = {
  compress: (encoder: { buffer: Buffer }): Promise<Buffer> => compressGzip(encoder.buffer),
  decompress: async (bytes: Buffer): Promise<Buffer> => inflateGzip(bytes),
};

/**
 * After its first answer each connection plans a look at its waiting requests, and after that look the next one,
 * 1 ms later, for ever: 2.5 % of a core per idle connection. With nothing waiting there is nothing to plan: the
 * only place that lets a request wait plans the look itself.
 */
function stopIdleTimer(queue: KafkajsInternals["RequestQueue"]["prototype"]): void {
  const schedule = queue.scheduleCheckPendingRequests;
  queue.scheduleCheckPendingRequests = function () {
    if (this.pending.length > 0) schedule.call(this);
  };
}

/**
 * kafkajs measures by the wall clock how long ago it sent a heartbeat or a request. Set back by a minute, it sends
 * no heartbeat for a minute, and its group has long given its partitions to others; set ahead, every request under
 * way counts as timed out. So such a moment is kept by the clock that nobody sets, and told in what is the wall
 * clock's time when it is asked for.
 */
function keepTimeOf(prototype: object, name: "lastRequest" | "sentAt"): void {
  const setAtMs = new WeakMap<object, number | null>();
  Object.defineProperty(prototype, name, {
    get(this: object): number | null {
      const atMs = setAtMs.get(this) ?? null;
      return atMs === null ? null : Date.now() - (performance.now() - atMs);
    },
    /** Either is only ever set to none or to now. */
    set(this: object, wallMs: number | null) {
      setAtMs.set(this, wallMs === null ? null : performance.now());
    },
  });
}

/** As kafkajs names what stands for `lookupRequest` until the broker has said which requests it has. */
const NOT_GREETED = "notInitializedLookup";
/**
 * A broker counts as connected as soon as its socket is open. If it does not answer the first request, as on a
 * network that loses bytes, the next call takes it for connected, never greets it again, and fails with an error of
 * no kind, "Broker not connected", however long the network has been well again. So it counts as connected only once
 * it was greeted; until then, whoever calls it greets it, one after the other. Whose turn does not come in time gets
 * an error that kafkajs takes for final, though only the broker hangs: it may be tried again. And kafkajs waits for
 * the greeting's answer as long as for any, though it means not to: a broker that hangs would hold up each new client.
 */
function connectedOnceGreeted(broker: ConnectableBroker): void {
  const { isConnected, connect } = broker;
  broker.connect = async function () {
    const timer = setTimeout(
      () => giveUpGreeting(this),
      GREETING_TIMES * this.connectionPool.connectionTimeout,
    );
    try {
      await connect.call(this);
    } catch (error) {
      throw isLockTimeout(error) ? Object.assign(error, { retriable: true }) : error;
    } finally {
      clearTimeout(timer);
    }
  };
  broker.isConnected = function () {
    return this.lookupRequest.name !== NOT_GREETED && isConnected.call(this);
  };
}

/** Of the time that a connection may take to open: it is opened, greeted, and logged in to. */
const GREETING_TIMES = 2;

/** What waits for the greeting gets an error that has kafkajs try another broker. */
function giveUpGreeting(broker: ConnectableBroker): void {
  if (broker.isConnected()) return;
  for (const connection of broker.connectionPool.pool) {
    if (connection.isConnected())
      close(connection, new kafkajs.KafkaJSConnectionError("no greeting in time"));
  }
}

/**
 * A broker that hangs keeps its connections open, so it goes on counting as connected, and as the one to ask for
 * metadata and coordinators, time-out after time-out. So a connection that leaves a request unanswered is closed.
 */
function closeUnanswered(connection: ClosableConnection): void {
  const { send } = connection;
  connection.send = async function (call) {
    try {
      return await send.call(this, call);
    } catch (error) {
      if (isUnanswered(error) && this.isConnected()) close(this, error);
      throw error;
    }
  };
}

/** Each answer begins with its size, an int32. */
const SIZE_BYTES = 4;

/** The other requests under way will not be answered either, and closing would wait for them. */
function close(connection: ClosableConnection, error: Error): void {
  connection.rejectRequests(error);
  // Never rejects, as nothing is under way.
  void connection.disconnect();
  connection.socket?.destroy();
  // Half an answer would be taken for the beginning of the next connection's first.
  connection.chunks = [];
  connection.bytesBuffered = 0;
  connection.bytesNeeded = SIZE_BYTES;
}

/**
 * Where no broker tells which of them coordinates a group, kafkajs throws away why and calls it what no retry mends:
 * one answer that is lost while a member joins, and it is out of its group for good. So one broker is asked once
 * more, and what it says counts, or that it says nothing.
 */
function tellWhyNoCoordinator(cluster: CoordinatorFinder): void {
  const { findGroupCoordinatorMetadata } = cluster;
  cluster.findGroupCoordinatorMetadata = async function (request) {
    try {
      return await findGroupCoordinatorMetadata.call(this, request);
    } catch (error) {
      if (!(error instanceof Error && error.name === "KafkaJSGroupCoordinatorNotFound")) throw error;
      const broker = await this.brokerPool.findConnectedBroker();
      return await broker.findGroupCoordinator(request);
    }
  };
}

/**
 * A member that has to join again and cannot, as where a coordinator just elected is still loading its groups, goes
 * on with heartbeats of the generation that it had. The new coordinator knows that one too and takes them. So the
 * member has given up its partitions, and is never told that they are still its own: they stand still for ever. So
 * after a join that failed no heartbeat is sent, but the same is said as by a coordinator that wants it to join.
 *
 * The same is said where a coordinator hangs and leaves a heartbeat unanswered. kafkajs would ask that one five times
 * more, though the group has long got another: only who joins looks for it.
 *
 * Why either happened is told by an event that the group has rebalanced.
 */
function beginLostMembershipAnew(group: JoiningGroup): void {
  const { joinAndSync, heartbeat } = group;
  const notJoined = new WeakSet<object>();
  const unanswered = new WeakSet<object>();
  group.joinAndSync = async function () {
    try {
      // Kafka has missed who hangs by now, and names it no more.
      if (unanswered.has(this)) await this.cluster.refreshMetadata();
      await joinAndSync.call(this);
    } catch (error) {
      notJoined.add(this);
      tellWhy(this, error);
      if (!isUnanswered(error)) throw error;
      unanswered.add(this);
      throw new LostMembershipError("the last join was not answered");
    }
    notJoined.delete(this);
    unanswered.delete(this);
  };
  group.heartbeat = async function (options) {
    if (notJoined.has(this)) throw new LostMembershipError("the last join failed");
    try {
      await heartbeat.call(this, options);
    } catch (error) {
      if (!isUnanswered(error)) throw error;
      tellWhy(this, error);
      unanswered.add(this);
      throw new LostMembershipError("a heartbeat was not answered");
    }
  };
}

function isUnanswered(error: unknown): error is Error {
  return (error instanceof Error && error.name === "KafkaJSRequestTimeoutError") || isLockTimeout(error);
}

/** Its own turn to open a connection did not come, as others wait for one that is not greeted. */
function isLockTimeout(error: unknown): error is Error {
  return error instanceof Error && error.name === "KafkaJSLockTimeout";
}

function tellWhy({ instrumentationEmitter, groupId, memberId }: JoiningGroup, error: unknown): void {
  instrumentationEmitter.emit("consumer.rebalancing", { groupId, memberId, error });
}

/** kafkajs knows by the type what to do with one that goes on, and by the other whether a first join is tried again. */
class LostMembershipError extends Error {
  override readonly name = "LostMembershipError";
  readonly type = "REBALANCE_IN_PROGRESS";
  readonly retriable = true;
}
