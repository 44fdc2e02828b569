import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { isCertificateFault } from "../settings/tls.js";

/** Our own code for an answer in TLS on a connection without. */
const TLS_EXPECTED = "LASTKNOWN_KAFKA_TLS_EXPECTED";

/** A TLS alert of any version: as the length of an answer of Kafka's it would be a third of a gigabyte. */
const TLS_ALERT = Buffer.from([0x15, 0x03]);

/** Ends a connection without TLS to a broker that takes nothing else; kafkajs would only see it closed. */
export function noticeTlsAnswer(socket: Socket): void {
  socket.once("data", (first: Buffer) => {
    if (!first.subarray(0, TLS_ALERT.length).equals(TLS_ALERT)) return;
    socket.destroy(Object.assign(new Error("the broker answers in TLS"), { code: TLS_EXPECTED }));
  });
}

/** Our own code for a connection that ended before TLS was set up. */
const ENDED_BEFORE_TLS = "LASTKNOWN_KAFKA_ENDED_BEFORE_TLS";

/**
 * Marks the error of a connection that ended before TLS was set up. A broker that takes no TLS does so, and one that
 * goes down at this moment: so it is waited for, and the setting is named.
 */
export function noticeEndBeforeTls(socket: TLSSocket): void {
  const mark = (error: NodeJS.ErrnoException): void => {
    if (error.code === "ECONNRESET") error.code = ENDED_BEFORE_TLS;
  };
  socket.once("error", mark);
  socket.once("secureConnect", () => socket.off("error", mark));
}

export function endedBeforeTls(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === ENDED_BEFORE_TLS;
}

/**
 * The setting that does not fit the broker, if that is why a connection failed; trying again does not help.
 * kafkajs keeps the code of the socket's error in its own.
 */
export function unfitSettingOf(error: unknown): "kafka-tls" | "kafka-tls-ca" | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  if (error.code === TLS_EXPECTED) return "kafka-tls";
  return isCertificateFault(error) ? "kafka-tls-ca" : undefined;
}

/**
 * Remembers why connections of one kafkajs client cannot work. kafkajs tries any failed connection again for ten
 * seconds; given no broker, it ends at once.
 */
export class UnfitConnection {
  readonly #brokers: readonly string[];
  #error: Error | undefined;

  constructor(brokers: readonly string[]) {
    this.#brokers = brokers;
  }

  /** What kafkajs may try. */
  get brokersToTry(): string[] {
    return this.#error === undefined ? [...this.#brokers] : [];
  }

  /** The socket's error, where one was noticed since the last connect. */
  get error(): Error | undefined {
    return this.#error;
  }

  watch(socket: Socket): Socket {
    return socket.once("error", (error: NodeJS.ErrnoException) => {
      if (unfitSettingOf(error) === undefined) return;
      this.#error = Object.assign(new Error(error.message, { cause: error }), { code: error.code });
    });
  }

  /** Connects; rejects with the socket's error where that is the reason. */
  async connect(client: { connect(): Promise<void> }): Promise<void> {
    this.#error = undefined;
    try {
      await client.connect();
    } catch (error) {
      throw this.#error ?? error;
    }
  }
}
