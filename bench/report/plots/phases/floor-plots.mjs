import { figure } from "../../table.mjs";
import { barOf } from "../bar-of-runs.mjs";
import { barsPanel } from "../bars-panel.mjs";
import { roleOf } from "../cost-panels.mjs";

/** @param phases the floor, and the drain where it was measured in the same session: no other compares */
export function floorPlots({ floor: runs, drain = [] }) {
  const ours = (label, valueOf) => (drain.length === 0 ? [] : [barOf(label, drain, valueOf)]);
  return {
    title: `Floor: what the machine and its servers allow without the product, ${figure(runs[0].events)} records or users`,
    panels: [
      barsPanel({
        title: "Rate",
        unit: "records or users per second",
        bars: [
          barOf("Redis: compare-and-set", runs, ({ redis }) => redis.plain.usersPerSecond),
          barOf("Redis: the worker's script", runs, ({ redis }) => redis.ours.usersPerSecond),
          barOf("broker: Kafka's producer", runs, ({ broker }) => broker.produce.recordsPerSecond),
          barOf("broker: Kafka's consumer", runs, ({ broker }) => broker.consume.recordsPerSecond),
          ...ours("one worker's drain", ({ rowsPerSecond }) => rowsPerSecond),
        ],
      }),
      barsPanel({
        title: "CPU time of the servers",
        unit: "µs per record or user",
        bars: [
          barOf("Redis: compare-and-set", runs, ({ redis }) => redis.plain.redisMicrosPerUser),
          barOf("Redis: the worker's script", runs, ({ redis }) => redis.ours.redisMicrosPerUser),
          ...ours("Redis: in the drain", ({ cost }) => roleOf(cost, /^redis/).microsPerEvent),
          barOf("broker: produce", runs, ({ broker }) => broker.produce.brokerMicrosPerRecord),
          barOf("broker: consume", runs, ({ broker }) => broker.consume.brokerMicrosPerRecord),
          ...ours("broker: in the drain", ({ cost }) => roleOf(cost, /^broker/).microsPerEvent),
        ],
      }),
      barsPanel({
        title: "Throughput",
        unit: "MB (of 2^20 bytes) per second",
        bars: [
          barOf("memory, one thread", runs, ({ copyingMb }) => copyingMb),
          barOf("loopback, Node", runs, ({ connection }) => connection.mbPerSecond),
          barOf("Kafka's producer", runs, ({ broker }) => broker.produce.mbPerSecond),
          barOf("Kafka's consumer", runs, ({ broker }) => broker.consume.mbPerSecond),
        ],
      }),
      barsPanel({
        title: "Round trip",
        unit: "µs, one byte there and back",
        bars: [barOf("loopback, Node", runs, ({ connection }) => connection.roundTripMicros)],
      }),
    ],
    measured: runs,
  };
}
