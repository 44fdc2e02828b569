import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { KafkaSettings } from "../settings/kafka-settings.js";
import { KafkaUnavailableError } from "./errors.js";

/** A broker that just restarts is waited for; a wrong address is told soon. */
const REACH_WITHIN_MS = 3000;
const PAUSE_MS = 250;

/**
 * Whether any of the brokers takes connections, told within seconds, for commands at which a person waits. The
 * client's own calls outlast a restart, and so take half a minute to give up.
 *
 * @throws KafkaUnavailableError naming the brokers
 */
export async function requireReachableBroker(settings: KafkaSettings): Promise<void> {
  const deadlineMs = performance.now() + REACH_WITHIN_MS;
  for (;;) {
    const leftMs = Math.max(1, Math.min(settings.connectTimeoutMs, deadlineMs - performance.now()));
    const attempts = settings.brokers.map((broker) => connectOnce(broker, leftMs));
    try {
      await Promise.any(attempts);
      return;
    } catch (cause) {
      if (performance.now() + PAUSE_MS < deadlineMs) {
        await sleep(PAUSE_MS);
        continue;
      }
      throw new KafkaUnavailableError(settings.brokers, "take a connection", { cause });
    }
  }
}

function connectOnce(broker: string, timeoutMs: number): Promise<void> {
  const portAt = broker.lastIndexOf(":");
  const host = broker.slice(0, portAt).replace(/^\[|\]$/g, "");
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: Number(broker.slice(portAt + 1)) });
    const settle = (error?: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    const timer = setTimeout(
      () => settle(new Error(`${broker} did not answer in ${timeoutMs} ms`)),
      timeoutMs,
    );
    socket.once("connect", () => settle()).once("error", settle);
  });
}
