import { RedisNode, requestFor } from "../visibility/redis-node.mjs";

/**
 * What Redis nodes say that they have received from clients and sent them, added.
 * @param {readonly string[]} addresses
 * @returns {Promise<{ received: number, sent: number }>}
 */
export async function redisNetBytes(addresses) {
  const bytes = { received: 0, sent: 0 };
  for (const address of addresses) {
    const node = await RedisNode.open(address);
    try {
      const [text] = await node.ask(requestFor([["INFO", "stats"]]), 1);
      bytes.received += Number(/total_net_input_bytes:(\d+)/.exec(text)[1]);
      bytes.sent += Number(/total_net_output_bytes:(\d+)/.exec(text)[1]);
    } finally {
      node.close();
    }
  }
  return bytes;
}
