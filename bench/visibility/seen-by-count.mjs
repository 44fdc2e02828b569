/**
 * What share of a pace's rows was seen within some seconds of their plan, where it is known only how many rows were seen
 * in all by when: the nth that was planned is taken for seen when n were. So it is right as far as rows are seen in the
 * order of their plan.
 *
 * @param {object} options
 * @param {readonly { seenAtMs: number, arrivals: number }[]} options.sights ascending
 * @param {readonly { events: number, everyMicros: number }[]} options.paces one after the other
 * @param {number} options.startMs for which the first row was planned, ms since 1970
 * @param {number} options.withinSeconds
 * @returns {number[]} of each pace
 */
export function sharesSeenByCount({ sights, paces, startMs, withinSeconds }) {
  const spans = spansOf(paces);
  const seen = spans.map(() => 0);
  let before = 0;
  for (const { seenAtMs, arrivals } of sights) {
    // Of the rows that came with this look those count that were planned no earlier than this one.
    const planned = plannedBefore(spans, seenAtMs - withinSeconds * 1000 - startMs);
    const from = Math.max(before, planned);
    for (const [index, { first, end }] of spans.entries())
      seen[index] += Math.max(0, Math.min(end, arrivals) - Math.max(first, from));
    before = arrivals;
  }
  return spans.map(({ first, end }, index) => seen[index] / (end - first));
}

/** Of each pace: its rows by their numbers, and from when on they were planned, ms after the begin. */
function spansOf(paces) {
  let first = 0;
  let fromMs = 0;
  return paces.map(({ events, everyMicros }) => {
    const span = { first, end: first + events, fromMs, everyMs: everyMicros / 1000 };
    first = span.end;
    fromMs += events * span.everyMs;
    return span;
  });
}

/** How many rows were planned before a moment, ms after the begin. */
function plannedBefore(spans, ms) {
  return spans.reduce((count, { first, end, fromMs, everyMs }) => {
    const ofSpan = Math.ceil((ms - fromMs) / everyMs);
    return count + Math.max(0, Math.min(end - first, ofSpan));
  }, 0);
}
