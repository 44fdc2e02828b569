import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import kafkajs, { Kafka, type ISocketFactoryArgs, type KafkaConfig, type SASLOptions } from "kafkajs";
import type { Logger } from "../logging/index.js";
import type { KafkaSettings, SaslSettings } from "../settings/kafka-settings.js";
import { tlsOptions, type TlsSettings } from "../settings/tls.js";
import { loadKafkajsInternals } from "./kafkajs-internals.js";
import { kafkajsLogCreator } from "./kafkajs-logger.js";
import { repairKafkajs } from "./kafkajs-repairs.js";
import { noticeEndBeforeTls, noticeTlsAnswer, UnfitConnection } from "./unfit-connection.js";

/** Together about ten seconds: longer than a leader election, shorter than a person's patience. */
const RETRY = { initialRetryTime: 100, maxRetryTime: 2000, multiplier: 2, factor: 0.2, retries: 7 };
const KEEP_ALIVE_DELAY_MS = 60_000;

/**
 * A kafkajs client with our settings. Make one per consumer: consumers of one `Kafka` share their map of
 * committed offsets (hazard K8).
 */
export function createKafka(
  settings: KafkaSettings,
  options: {
    logger: Logger;
    /** Of this client alone; by it the caller connects. */
    unfit?: UnfitConnection;
  },
): Kafka {
  repairKafkajs(loadKafkajsInternals());
  const sasl = saslOptions(settings.sasl);
  const unfit = options.unfit ?? new UnfitConnection(settings.brokers);
  const config: KafkaConfig = {
    brokers: () => unfit.brokersToTry,
    clientId: settings.clientId,
    ssl: sslOptions(settings.tls),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: settings.connectTimeoutMs,
    authenticationTimeout: settings.connectTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
    enforceRequestTimeout: true,
    retry: RETRY,
    socketFactory: (socket) => unfit.watch(openSocket(socket)),
    logLevel: kafkajs.logLevel.INFO,
    logCreator: kafkajsLogCreator(options.logger, "as-warnings"),
  };
  return new Kafka(config);
}

/** Without noDelay a second small request waits up to 41 ms for the answer to the first (hazard K9). */
export function openSocket({ host, port, ssl, onConnect }: ISocketFactoryArgs): Socket {
  const socket = isTls(ssl)
    ? encryptedSocket(host, port, ssl).once("secureConnect", onConnect)
    : plainSocket(host, port).once("connect", onConnect);
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
  return socket;
}

function encryptedSocket(host: string, port: number, options: ConnectionOptions): TLSSocket {
  const socket = connectTls({ host, port, ...(isIP(host) === 0 ? { servername: host } : {}), ...options });
  noticeEndBeforeTls(socket);
  return socket;
}

function plainSocket(host: string, port: number): Socket {
  const socket = connectTcp({ host, port });
  noticeTlsAnswer(socket);
  return socket;
}

function isTls(ssl: ConnectionOptions | boolean | null | undefined): ssl is ConnectionOptions {
  return ssl !== undefined && ssl !== null && ssl !== false;
}

export function sslOptions(tls: TlsSettings | undefined): ConnectionOptions | false {
  return tls === undefined ? false : tlsOptions(tls);
}

export function saslOptions(sasl: SaslSettings | undefined): SASLOptions | undefined {
  if (sasl === undefined) return undefined;
  return { mechanism: sasl.mechanism, username: sasl.username, password: sasl.password.reveal() };
}
