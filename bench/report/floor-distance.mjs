import { spreadCell } from "./run-rows.mjs";
import { minMedianMax } from "./spread.mjs";
import { figure, tableLines } from "./table.mjs";

const MB = 2 ** 20;

/**
 * How far a drain is from the floor of the same session; no lines where nothing drained, as no other session compares.
 * @param phases of the session, the floor among them
 */
export function floorDistanceLines({ floor, ...phases }) {
  const { title, drains } = drainIn(phases);
  if (drains.length === 0) return [];
  const bytesOf = (drain) => {
    const { readBytesPerEvent, writtenBytesPerEvent } = roleOf(drain, "worker");
    return readBytesPerEvent + writtenBytesPerEvent;
  };
  const movedMb = (drain) => (drain.rowsPerSecond * bytesOf(drain)) / MB;
  const perMegabyte = ({ connection }) => 1e6 / connection.mbPerSecond / MB;
  const bytes = minMedianMax(drains.map(bytesOf)).median;
  const against = (words, ofDrain, ofFloor, ratioText = times) => [
    words,
    spreadCell(drains, ofDrain),
    spreadCell(floor, ofFloor),
    ratioText(medianOf(drains, ofDrain) / medianOf(floor, ofFloor)),
  ];
  return [
    "",
    `How far from the floor ${title} is`,
    ...tableLines(
      ["", "drain", "floor", "drain to floor"],
      [
        against(
          "µs/event, worker to its bytes over loopback",
          (drain) => roleOf(drain, "worker").microsPerEvent,
          (run) => bytes * perMegabyte(run),
        ),
        against(
          "CPU µs, Redis for an event to a user by the worker's script",
          (drain) => roleOf(drain, "redis").microsPerEvent,
          ({ redis }) => redis.ours.redisMicrosPerUser,
        ),
        against(
          "CPU µs, broker for an event to produce and consume",
          (drain) => roleOf(drain, "broker").microsPerEvent,
          ({ broker }) => broker.produce.brokerMicrosPerRecord + broker.consume.brokerMicrosPerRecord,
        ),
        against("MB/s, moved to copied by one thread", movedMb, ({ copyingMb }) => copyingMb, share),
        against("MB/s, moved to loopback", movedMb, ({ connection }) => connection.mbPerSecond, share),
      ],
    ),
    `moved: events/s × the ${figure(bytes)} bytes that the worker reads and writes for an event; Redis is not asked ` +
      "about every event, so less than 1 × is no error; the worker's own floor is time on the clock",
  ];
}

/** One worker's, through all of the 50,000 users. */
function drainIn({ drain, scaling, peers }) {
  if (drain !== undefined) return { title: "one worker's drain", drains: drain };
  if (scaling !== undefined)
    return { title: "one worker's drain (of scaling)", drains: scaling.map(({ drains }) => drains[0]) };
  const ours = (peers ?? []).flatMap((run) => run.peers.lastknown ?? []);
  return { title: "one worker's drain (of peers)", drains: ours };
}

function roleOf({ cost }, kind) {
  return Object.entries(cost.roles).find(([role]) => role.startsWith(kind))[1];
}

function medianOf(runs, valueOf) {
  return minMedianMax(runs.map(valueOf)).median;
}

function times(ratio) {
  return `${figure(ratio)} ×`;
}

function share(ratio) {
  return `${figure(ratio * 100)} %`;
}
