import { bucketOf, RedisKeys } from "@lastknown/shared";
import { RedisNode, requestFor } from "./redis-node.mjs";

const USERS_PER_REQUEST = 1000;

/**
 * Which users' states in Redis are not of the moment that they have to be of.
 * @param {object} options
 * @param {string} options.fleet
 * @param {readonly string[]} options.addresses of the Redis nodes
 * @param {ReadonlyMap<string, number>} options.newest user → ms since 1970
 * @returns {Promise<string[]>}
 */
export async function lacking({ fleet, addresses, newest }) {
  const keys = new RedisKeys(fleet);
  return await lackingField({
    addresses,
    field: "time_stamp",
    keyOf: (user) => keys.state(user, bucketOf(Buffer.from(user))),
    wanted: new Map(
      [...newest].map(([user, ms]) => [user, `${new Date(ms).toISOString().slice(0, -1)}000Z`]),
    ),
  });
}

/**
 * Which users' hashes have not the wanted text in a field.
 * @param {object} options
 * @param {readonly string[]} options.addresses of the Redis nodes
 * @param {string} options.field
 * @param {(user: string) => string} options.keyOf
 * @param {ReadonlyMap<string, string>} options.wanted user → text
 * @returns {Promise<string[]>}
 */
export async function lackingField({ addresses, field, keyOf, wanted }) {
  const left = new Map(wanted);
  for (const address of addresses) {
    const node = await RedisNode.open(address);
    try {
      const users = [...left.keys()];
      for (let first = 0; first < users.length; first += USERS_PER_REQUEST) {
        const some = users.slice(first, first + USERS_PER_REQUEST);
        const asked = some.map((user) => ["HGET", keyOf(user), field]);
        const answers = await node.ask(requestFor(asked), asked.length);
        for (const [index, user] of some.entries()) if (answers[index] === left.get(user)) left.delete(user);
      }
    } finally {
      node.close();
    }
  }
  return [...left.keys()];
}
