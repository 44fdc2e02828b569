import type { BrokerPlace } from "../stack-layout.js";
import { brokersKnownTo } from "./kafka-requests.js";
import { IN_THE_CLEAR, type ServerAccess } from "./server-access.js";

const ASK_BOUND_MS = 2_000;

/** Where the stack itself speaks to a broker. */
export function stackPortOf({ port, internalPort }: BrokerPlace): number {
  return internalPort ?? port;
}

/** Undefined when this broker answers and names all brokers. */
export async function brokerLacks(
  broker: BrokerPlace,
  all: readonly number[],
  access: ServerAccess = IN_THE_CLEAR,
): Promise<string | undefined> {
  try {
    const known = await brokersKnownTo(stackPortOf(broker), ASK_BOUND_MS, access);
    const missing = all.filter((nodeId) => !known.includes(nodeId));
    return missing.length === 0 ? undefined : `${broker.name} does not see broker ${missing.join(", ")}`;
  } catch (error) {
    return `${broker.name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
