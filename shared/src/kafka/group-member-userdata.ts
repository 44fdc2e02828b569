import kafkajs from "kafkajs";

/**
 * What a worker says of itself as it joins its group, for those who watch: how long it may be silent. The brokers tell
 * that nobody. It stands where Kafka leaves room for the members' own bytes, as JSON.
 */
export function memberMetadata(topics: string[], sessionTimeoutMs: number): Buffer {
  const userData = Buffer.from(JSON.stringify({ sessionTimeoutMs }));
  return kafkajs.AssignerProtocol.MemberMetadata.encode({ version: METADATA_VERSION, topics, userData });
}

/** Undefined where the member says no such thing, or is none of a consumer, or the group rebalances. */
export function sessionTimeoutOf(metadata: Buffer): number | undefined {
  if (metadata.length === 0) return undefined;
  try {
    const { userData } = kafkajs.AssignerProtocol.MemberMetadata.decode(metadata) as {
      userData: Buffer | null;
    };
    if (userData === null || userData.length === 0) return undefined;
    const said: unknown = JSON.parse(userData.toString());
    const { sessionTimeoutMs } = { ...(said as { readonly sessionTimeoutMs?: unknown } | null) };
    return Number.isSafeInteger(sessionTimeoutMs) ? (sessionTimeoutMs as number) : undefined;
  } catch {
    // Somebody else's bytes.
    return undefined;
  }
}

/** Of the consumer protocol: kafkajs's assigner speaks the first. */
const METADATA_VERSION = 0;
