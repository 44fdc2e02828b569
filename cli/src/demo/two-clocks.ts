import { answer, type JudgedArrival, type Moment, type Timeline } from "@lastknown/e2e";

/** A user and a moment for which the two clocks give different answers. */
export interface TwoClocksQuestion {
  readonly user: string;
  readonly moment: Moment;
  /** What was true at the moment, by all that is known now. */
  readonly at: JudgedArrival;
  /** The newest of what had been received by the moment. */
  readonly knownAt: JudgedArrival;
}

/** Arrivals looked at in all, so that a file of any size is searched in a moment. */
const TRIES_MAX = 2000;

/**
 * Searches for the question that shows most: the moment at which something was true of which was heard only
 * long afterwards. Such a moment is the event time of a row that came late, so only those are tried. Undefined where no row did.
 */
export function findTwoClocksQuestion(
  timelines: ReadonlyMap<string, Timeline>,
): TwoClocksQuestion | undefined {
  let best: TwoClocksQuestion | undefined;
  let tries = 0;
  for (const timeline of timelines.values()) {
    for (const { arrival, clamped } of timeline.arrivals) {
      if (clamped || arrival.sts <= arrival.timeStamp) continue;
      if (++tries > TRIES_MAX) return best;
      const candidate = questionAt(timeline, arrival.timeStamp);
      if (candidate !== undefined && (best === undefined || ignorance(candidate) > ignorance(best)))
        best = candidate;
    }
  }
  return best;
}

function questionAt(timeline: Timeline, moment: Moment): TwoClocksQuestion | undefined {
  const at = answer(timeline, { at: moment });
  const knownAt = answer(timeline, { knownAt: moment });
  if (at === undefined || knownAt === undefined) return undefined;
  if (at.arrival.eventId === knownAt.arrival.eventId) return undefined;
  return { user: timeline.user, moment, at, knownAt };
}

/** How long after the moment the truth about it was received. */
function ignorance({ at, moment }: TwoClocksQuestion): bigint {
  return at.arrival.sts - moment;
}
