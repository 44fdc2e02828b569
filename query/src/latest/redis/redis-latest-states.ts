import {
  bucketOf,
  decodeOrder,
  emptyAttributes,
  parseProgress,
  RedisKeys,
  STATE_FIELDS,
  type Attributes,
  type SourceCoordinates,
} from "@lastknown/shared";
import type { Cluster } from "ioredis";
import type { UserState } from "../../answers/user-state.js";
import {
  LatestUnavailableError,
  UnreadableStateError,
  type LatestRead,
  type LatestStates,
} from "../latest-states.js";
import { WritesOfATurn } from "./writes-of-a-turn.js";

/** Attempts where a slot has just moved: the second asks the node that the first was pointed to. */
const ATTEMPTS_MAX = 2;

/**
 * Reads a user's hash and its bucket's progress from the master of their slot, in one pipeline. It has no
 * time-out of its own beside the connection's: see GuardedLatestStates.
 */
export class RedisLatestStates implements LatestStates {
  readonly #redis: Cluster;
  readonly #keys: RedisKeys;
  readonly #writes: WritesOfATurn;

  constructor(redis: Cluster, fleet: string) {
    this.#redis = redis;
    this.#keys = new RedisKeys(fleet);
    this.#writes = new WritesOfATurn(redis);
  }

  async read(user: string): Promise<LatestRead> {
    const bucket = bucketOf(Buffer.from(user));
    // Progress first: a worker's call that comes in between can then only make the state newer than it says.
    const [progress, fields] = await this.#pipeline(
      this.#keys.progress(bucket),
      this.#keys.state(user, bucket),
    );
    return { state: stateOf(user, fields), progress: progressOf(progress) };
  }

  async probe(): Promise<void> {
    await this.read("probe");
  }

  async #pipeline(progressKey: string, stateKey: string): Promise<[unknown, unknown]> {
    let lastError: unknown;
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      this.#writes.hold();
      const replies = await this.#redis.pipeline().get(progressKey).hgetall(stateKey).exec();
      // Each entry has an error of its own, such as MOVED (hazard R3).
      lastError = replies?.find(([error]) => error !== null)?.[0];
      if (replies?.length === 2 && lastError === undefined) return [replies[0]?.[1], replies[1]?.[1]];
      if (isOfAnotherType(lastError)) throw unreadable(lastError);
    }
    throw new LatestUnavailableError("Redis refused to read", { cause: lastError });
  }
}

/** Somebody else has written the key. */
function isOfAnotherType(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("WRONGTYPE");
}

function unreadable(cause: unknown): UnreadableStateError {
  return new UnreadableStateError("the user's hash in Redis is no state of ours", { cause });
}

/** As the workers read it: what they cannot have written counts as none. */
function progressOf(reply: unknown): number | undefined {
  return parseProgress(typeof reply === "string" ? reply : null);
}

/** Redis answers an empty hash for a key that does not exist. */
function stateOf(user: string, reply: unknown): UserState | undefined {
  const fields = Object.entries(reply as Record<string, string>);
  if (fields.length === 0) return undefined;
  const field = new Map(fields);
  try {
    const order = decodeOrder(field.get(STATE_FIELDS.order) ?? "");
    const { timeStamp, sts, eventId, orderTime } = order;
    const attributes = attributesOf(field.get(STATE_FIELDS.attributes) ?? "");
    return {
      user,
      timeStamp,
      sts,
      attributes,
      eventId,
      orderTime,
      source: sourceOf(field.get(STATE_FIELDS.source) ?? ""),
    };
  } catch (cause) {
    throw unreadable(cause);
  }
}

function attributesOf(json: string): Attributes {
  return Object.assign(emptyAttributes(), JSON.parse(json)) as Attributes;
}

function sourceOf(text: string): SourceCoordinates {
  const match = /^(.+)\/(\d+)\/(\d+)$/.exec(text);
  if (match === null) throw new SyntaxError("not <topic>/<partition>/<offset>");
  return { topic: match[1] as string, partition: Number(match[2]), offset: Number(match[3]) };
}
