import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeEventHead, parseIsoTime, unframe } from "@lastknown/shared";
import { LATE_SHARE } from "../drain-events.mjs";
import { withReader } from "./read-records.mjs";

/**
 * Only this partition is followed, and of it some of the records that can become a user's state: asking must not become a
 * load of its own.
 */
const PARTITION = 0;
const ASKED_PER_SECOND_MAX = 12;
/** A late one happened longer ago than that, in µs; what is told in ms is cut to them. */
const ON_TIME_MICROS_MAX = 1000;
/** More than are asked for in SEEN_BOUND_MS, each twice: so none is left out because others wait, as those are slow. */
const IN_FLIGHT_MAX = 1000;
/**
 * Who has waited long is asked for less often, so that a slow moment is not made slower by asking: what is measured
 * can be too long by this, or by this share of itself.
 */
const ASK_EVERY_MS = 2;
const RESOLUTION_SHARE = 0.15;
const SEEN_BOUND_MS = 30_000;
const READ_LIMITS = { bytesMax: 1024 * 1024, waitMs: 200 };
/** Of a fleet that was made without saying otherwise, in µs. */
const MAX_FUTURE_SKEW = 5 * 60 * 1e6;
const FAR_FUTURE = "2099-01-01T00:00:00Z";

/**
 * Follows the events topic and asks the query service, over HTTP, for the user of a record until the answer shows
 * it: once for the latest state (from Redis), once as of the far future (from the view).
 */
export class AnswerWatch {
  #fleet;
  #oneIn;
  #agent = new Agent({ keepAlive: true });
  #isStopped = false;
  #following = Promise.resolve();
  #inFlight = new Set();
  #failure;
  #latest = [];
  #view = [];
  #counts = { asked: 0, superseded: 0, skipped: 0, unseen: 0 };

  /** @param {number} rate records a second of the whole topic */
  constructor(fleet, rate) {
    this.#fleet = fleet;
    const onTime = (rate * (1 - LATE_SHARE)) / fleet.partitions;
    this.#oneIn = Math.max(1, Math.round(onTime / ASKED_PER_SECOND_MAX));
  }

  start() {
    this.#following = withReader(this.#fleet, (reader, { eventsTopic }) => this.#follow(reader, eventsTopic));
    // Told by `stop`.
    this.#following.catch(() => undefined);
  }

  /**
   * @returns when each record was appended and first shown by an answer, and what could not be measured:
   *   `superseded` by a newer event before it was asked for, or `skipped` as too many were being asked for
   */
  async stop() {
    this.#isStopped = true;
    await this.#following;
    await Promise.all(this.#inFlight);
    this.#agent.destroy();
    if (this.#failure !== undefined) throw this.#failure;
    return {
      latest: this.#latest,
      view: this.#view,
      resolutionShare: RESOLUTION_SHARE,
      ...this.#counts,
    };
  }

  async #follow(reader, topic) {
    let position = 0;
    let count = 0;
    while (!this.#isStopped) {
      const slice = await reader.read(topic, PARTITION, position, READ_LIMITS);
      for (const record of slice.records) {
        const { timeStamp, sts } = decodeEventHead(unframe(record.value).body);
        if (sts - timeStamp > ON_TIME_MICROS_MAX || count++ % this.#oneIn !== 0) continue;
        if (this.#inFlight.size >= IN_FLIGHT_MAX) this.#counts.skipped++;
        else this.#measure(record, { timeStamp, sts });
      }
      position = slice.nextOffset;
    }
  }

  #measure({ key, offset, appendedAtMs }, { timeStamp, sts }) {
    const path = `/v1/users/${encodeURIComponent(key.toString())}`;
    const order = [Math.min(timeStamp, sts + MAX_FUTURE_SKEW), sts];
    const record = { offset, order, appendedAtMs, sts };
    for (const [url, shown] of [
      [path, this.#latest],
      [`${path}?at=${FAR_FUTURE}`, this.#view],
    ]) {
      const measuring = this.#askUntilSeen(url, record, shown).finally(() =>
        this.#inFlight.delete(measuring),
      );
      this.#inFlight.add(measuring);
    }
  }

  /** Never rejects: a failure is told by `stop`. */
  async #askUntilSeen(url, record, shown) {
    try {
      await this.#untilSeen(url, record, shown);
    } catch (error) {
      this.#failure ??= error;
    }
  }

  async #untilSeen(url, record, shown) {
    const deadlineMs = Date.now() + SEEN_BOUND_MS;
    this.#counts.asked++;
    while (Date.now() < deadlineMs) {
      const answer = await this.#ask(url);
      if (answer !== undefined && answer.offset >= record.offset) {
        shown.push({ sts: record.sts, appendedAtMs: record.appendedAtMs, seenAtMs: Date.now() });
        return;
      }
      // A late record, or one that ties with the state, may never become the state: then no answer can show it.
      if (answer !== undefined && !isOlder(answer.order, record.order)) {
        this.#counts.superseded++;
        return;
      }
      await sleep(Math.max(ASK_EVERY_MS, (Date.now() - record.appendedAtMs) * RESOLUTION_SHARE));
    }
    this.#counts.unseen++;
    // It takes longer still; left out, it would make the others look as if they were all.
    shown.push({ sts: record.sts, appendedAtMs: record.appendedAtMs, seenAtMs: deadlineMs });
  }

  /** Which arrival the answer names; undefined while the user is not known, or where it has to be asked again. */
  #ask(path) {
    const { promise, resolve, reject } = withResolvers();
    const request = get(
      { agent: this.#agent, host: "127.0.0.1", port: this.#fleet.queryPort, path },
      (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text) => {
          body += text;
        });
        response.once("error", reject);
        response.once("end", () => resolve(response.statusCode === 200 ? arrivalIn(body) : undefined));
      },
    );
    request.once("error", (error) => {
      // The service ends a connection that was silent for long, perhaps just when it is used again.
      if (request.reusedSocket && error.code === "ECONNRESET") resolve(undefined);
      else reject(error);
    });
    request.setTimeout(SEEN_BOUND_MS, () => request.destroy(new Error(`${path} was not answered`)));
    return promise;
  }
}

function arrivalIn(body) {
  const { source, order_time: orderTime, sts } = JSON.parse(body);
  return { offset: source.offset, order: [parseIsoTime(orderTime).micros, parseIsoTime(sts).micros] };
}

/** By order time, then by `sts`. */
function isOlder([time, sts], [otherTime, otherSts]) {
  return time === otherTime ? sts < otherSts : time < otherTime;
}

/** Promise.withResolvers, which Node 20 lacks. */
function withResolvers() {
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}
