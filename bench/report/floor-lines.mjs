import { HEAD, othersLines, row } from "./run-rows.mjs";
import { figure, tableLines } from "./table.mjs";

/** @param runs of the phase */
export function floorLines(runs) {
  return [
    "",
    `Floor: what the machine and its servers allow without the product, ${figure(runs[0].events)} records or users`,
    ...tableLines(HEAD, [
      row("MB/s copied by one thread", runs, (run) => run.copyingMb),
      row("µs of a loopback round trip, Node at both ends", runs, (run) => run.connection.roundTripMicros),
      row("MB/s over loopback, Node at both ends", runs, (run) => run.connection.mbPerSecond),
      row("compare-and-sets/s, one a call, redis-benchmark", runs, (run) => run.redis.plain.usersPerSecond),
      row("CPU µs of redis for each", runs, (run) => run.redis.plain.redisMicrosPerUser),
      row(
        "users/s by the worker's script, 16 a call, redis-benchmark",
        runs,
        (run) => run.redis.ours.usersPerSecond,
      ),
      row("CPU µs of redis for each user", runs, (run) => run.redis.ours.redisMicrosPerUser),
      ...["produce", "consume"].flatMap((way) => [
        row(`records/s, Kafka's own ${way} tool`, runs, (run) => run.broker[way].recordsPerSecond),
        row(`MB/s, Kafka's own ${way} tool`, runs, (run) => run.broker[way].mbPerSecond),
        row(
          `CPU µs of the broker for each record, ${way}`,
          runs,
          (run) => run.broker[way].brokerMicrosPerRecord,
        ),
      ]),
    ]),
    "redis-benchmark: 4 connections, 16 calls under way on each, one node; Kafka's tools: 150 bytes a record, acks=all",
    ...othersLines(runs),
  ];
}
