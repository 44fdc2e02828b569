// When a user's arrivals happened and were received, three in four of them late.

export const BEGIN = Date.UTC(2024, 0, 1) * 1000;
/** Between two arrivals of one user, in µs. */
export const STEP = 7_000_000;
const LATE_PER_MILLE = 750;
/** Up to so long, in µs. */
const HOUR = 3_600_000_000;
/**
 * When an arrival happened and was received, in µs since the begin. `hour`: three in four are late, by up to one;
 * `any`: by as long as can be; `backlog`: the device was out of reach after a quarter of its life, and all the rest came
 * at its end.
 */
export const TIMES = {
  hour: (random, turn) => lateBy(random, turn, HOUR),
  any: (random, turn) => lateBy(random, turn, Infinity),
  backlog: (_random, turn, turns) => {
    return { happened: turn * STEP, received: turn < turns / 4 ? turn * STEP : turns * STEP + turn };
  },
};

function lateBy(random, turn, most) {
  const received = turn * STEP;
  if (turn === 0 || !random.chance(LATE_PER_MILLE)) return { happened: received, received };
  return { happened: received - random.between(1, Math.min(most, received)), received };
}
