/**
 * When each record was first seen to be visible: at the first look at which its bucket's progress was past it.
 * Looking at intervals can make this later than it was, by at most one interval, never earlier.
 *
 * @param {readonly { bucket: number, offset: number, appendedAtMs: number }[]} records
 * @param {readonly (readonly { seenAtMs: number, progress: number }[])[]} sights of each bucket
 * @returns {{ seenAtMs: Float64Array, delaysMs: Float64Array }} in the order of the records
 * @throws Error where a record was never seen: then something was lost, or the watch ended too early
 */
export function seenRecords(records, sights) {
  const seenAtMs = new Float64Array(records.length);
  const delaysMs = new Float64Array(records.length);
  let unseen = 0;
  for (const [index, { bucket, offset, appendedAtMs }] of records.entries()) {
    const sight = firstPast(sights[bucket], offset);
    if (sight === undefined) {
      unseen++;
      continue;
    }
    seenAtMs[index] = sight.seenAtMs;
    delaysMs[index] = sight.seenAtMs - appendedAtMs;
  }
  if (unseen > 0) throw new Error(`${unseen} of ${records.length} records never became visible in Redis`);
  return { seenAtMs, delaysMs };
}

/**
 * The same for records that come in turn: each bucket's by ascending offset. It takes no search, and no memory, so it
 * is for millions of them.
 */
export class SightsInTurn {
  #sights;
  #at;

  constructor(sights) {
    this.#sights = sights;
    this.#at = new Int32Array(sights.length);
  }

  /** ms since 1970. @throws Error where it was never seen */
  seenAtMs({ bucket, offset }) {
    const sights = this.#sights[bucket];
    let at = this.#at[bucket];
    while (at < sights.length && sights[at].progress <= offset) at++;
    this.#at[bucket] = at;
    if (at < sights.length) return sights[at].seenAtMs;
    throw new Error(`record ${offset} of bucket ${bucket} never became visible in Redis`);
  }
}

function firstPast(sights, offset) {
  let low = 0;
  let high = sights.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sights[middle].progress > offset) high = middle;
    else low = middle + 1;
  }
  return sights[low];
}
