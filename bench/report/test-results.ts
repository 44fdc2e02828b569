// What sessions leave, as small as it can be, with each figure as many times as large as `factor` says.

const KINDS = ["latest", "at", "knownAt", "both", "history", "explain"];

type Figures = Record<string, unknown>;

function costOf(factor: number, roles: readonly string[]): Figures {
  const each = {
    microsPerEvent: 4 * factor,
    residentMaxMb: 100 * factor,
    anonymousMaxMb: 50 * factor,
    readBytesPerEvent: 150,
    writtenBytesPerEvent: 350,
  };
  return {
    roles: Object.fromEntries(roles.map((role) => [role, each])),
    totalMicrosPerEvent: 4 * factor * roles.length,
    othersShare: 0.02,
    stolenShare: 0,
  };
}

const DRAINED = ["worker ×1", "redis ×3", "broker", "registry", "bench"];
const WHOLE = ["worker ×2", "query", "redis ×3", "broker", "registry", "replay", "bench"];

const spread = (ms: number): Figures => ({ count: 100, p50: ms, p95: 2 * ms, p99: 4 * ms, max: 9 * ms });
const perCent = (ms: number): number[][] => [0.01, 0.5, 1].map((share) => [share, ms * (1 + share)]);
const byKind = (kinds: readonly string[], value: unknown): Figures =>
  Object.fromEntries(kinds.map((kind) => [kind, value]));

function drain(factor: number, more: Figures = {}): Figures {
  const cost = costOf(factor, DRAINED);
  const figures = {
    rows: 99_000,
    rowsPerSecond: 50_000 * factor,
    users: 50_000,
    workers: 1,
    entriesAgain: 0,
    cost,
    ...more,
  };
  return { ...figures, of: 100_000, secondHalf: figures };
}

/** Phase → the figures of one run. */
export const RUN_OF: Record<string, (factor: number) => Figures> = {
  drain,
  "drain-two": (factor) => drain(factor, { workers: 2 }),
  "drain-few": (factor) => drain(factor, { users: 300 }),
  "drain-few-two": (factor) => drain(factor, { users: 300, workers: 2 }),
  peers: (factor) => ({
    rows: 100_000,
    users: 50_000,
    peers: {
      lastknown: { title: "lastknown, one worker", does: "all", ...drain(factor) },
      plain: {
        title: "kafkajs eachMessage",
        does: "some",
        ...drain(factor / 40, { rows: 5000, cost: costOf(factor * 40, ["peer", "redis ×3", "broker"]) }),
      },
      streams: { title: "Kafka Streams", does: "reduces", failure: "NOT BUILT: no compiler" },
    },
  }),
  "all-in": (factor) => ({
    rows: 1000,
    lookEveryMs: { redis: 100, view: 50 },
    rowsPerSecond: { replay: 30 * factor, redis: 20 * factor, view: 10 * factor },
    cost: costOf(factor, WHOLE),
    curves: byKind(
      ["redis", "view"],
      [
        [0.1, 1],
        [9, 1000],
      ],
    ),
  }),
  latency: (factor) => ({
    rates: [1000, 5000, 50_000].map((rate) => ({
      rate,
      rows: 90 * rate,
      publishSeconds: 90 * factor,
      ...byKind(["redis", "redisAtFirst", "latestOverHttp", "viewOverHttp"], {
        fromPlan: spread(20 * factor),
        fromAppend: spread(10 * factor),
      }),
      asked: { count: 100, superseded: 1, skipped: 2, unseen: 0 },
      lookEveryMs: { redis: 4.5, redisLongest: 20, httpShare: 0.15 },
      cost: costOf(factor, WHOLE),
      curves: byKind(["redis", "latest", "view"], perCent(20 * factor)),
    })),
  }),
  answers: (factor) => ({
    load: {
      rate: 9000 * factor,
      filledPerSecond: 18_000 * factor,
      sentPerSecond: 9000,
      foldedPerSecond: 8000,
    },
    answers: byKind(["latest", "asOf", "history"], {
      perSecond: 900 * factor,
      viewLagSeconds: 3,
      waits: spread(40 * factor),
      asked: spread(factor),
      unanswered: 3,
      failed: {},
    }),
    cost: costOf(factor, WHOLE),
  }),
  idle: (factor) => ({
    idle: {
      "worker ×2": { coreShare: 0.04 * factor, processes: 2, residentMb: 90, residentMaxMb: 120 * factor },
      query: { coreShare: 0.04 * factor, processes: 1, residentMb: 90, residentMaxMb: 120 * factor },
    },
    cost: costOf(factor, []),
  }),
  burst: (factor) => ({
    sent: 8_000_000,
    stored: 8_000_000,
    inView: 8_000_000,
    usersLacking: 0,
    lookEveryMs: 50,
    viewLookEveryMs: 500,
    drainSeconds: { redis: 2 * factor, view: 9 * factor },
    steps: [50_000, 200_000].map((rate) => ({
      rate,
      seconds: 10,
      seenWithin: { 2: 0.9, 30: 1 },
      inViewWithin: { 2: 0.3, 30: 0.6 },
      delayMs: spread(30 * factor),
      reachedRate: rate / 2 / factor,
      curve: perCent(20 * factor),
    })),
    cost: costOf(factor, WHOLE),
  }),
  scaling: (factor) => ({ drains: [1, 2, 4].map((workers) => drain(factor * workers, { workers })) }),
  growth: (factor) => ({
    views: ["users", "arrivals", "one user"].flatMap((grows) =>
      [10, 1000].map((size) => ({
        grows,
        store: "lmdb",
        lateness: "hour",
        users: grows === "users" ? size : 1,
        arrivals: grows === "users" ? 10 * size : size,
        microsPerArrival: 20 * factor,
        microsOfOneMore: (size === 10 ? 10 : 21) * factor,
        diskBytes: 3e6,
        residentMb: 90,
        answers: byKind(KINDS, spread(0.1 * factor)),
        cost: costOf(factor, []),
      })),
    ),
    oneUser: [
      {
        arrivals: 1000,
        lateness: "any",
        answers: byKind(["latest", "at"], spread(factor)),
        cost: costOf(factor, WHOLE),
      },
    ],
    byUsers: [1000, 50_000].map((users) => {
      return drain(factor, { users, answers: byKind(["latest", "both"], spread(factor)) });
    }),
    byPartitions: [1, 64].map((partitions) => {
      return drain(factor, {
        partitions,
        answers: byKind(["latest", "both"], spread((factor * partitions) / 8)),
      });
    }),
    rebuilds: {
      ...byKind(["onDisk", "onDiskAsked", "inMemory"], {
        eventsPerSecond: 40_000 * factor,
        microsPerEvent: 20,
        latest: spread(factor),
        cost: costOf(factor, []),
      }),
      redis: {
        usersPerSecond: 30_000,
        entriesPerSecond: 90_000 * factor,
        microsPerEntry: 8,
        cost: costOf(factor, []),
        usersLacking: 0,
      },
    },
  }),
  wire: (factor) => {
    const hops = (codec: string, bytesPerEvent: Figures): Figures => {
      return { codec, rows: 1000, cost: costOf(factor, DRAINED), bytesPerEvent };
    };
    const read = {
      "replay → broker": 120 * factor,
      "events topic": 120 * factor,
      "received by Redis, by its own count": 280 * factor,
      "Redis → worker": 1,
    };
    return {
      codecs: [hops("uncompressed", read), hops("gzip", read)],
      unread: [hops("lz4", { "events topic": 70 * factor }), hops("lz4", { "audit topic": 80 })],
    };
  },
  floor: (factor) => ({
    events: 1000,
    copyingMb: 7000,
    cost: costOf(factor, DRAINED),
    connection: { roundTripMicros: 30, mbPerSecond: 1500 },
    redis: byKind(["plain", "ours"], { usersPerSecond: 150_000 * factor, redisMicrosPerUser: 6 }),
    broker: byKind(["produce", "consume"], {
      recordsPerSecond: 500_000,
      mbPerSecond: 70,
      brokerMicrosPerRecord: 1,
    }),
  }),
};

/** A session of these phases: of each, as many runs as there are factors. `more`: options. */
export function resultsOf(
  phases: readonly string[],
  factors: readonly number[],
  more: Figures = {},
): Figures {
  return {
    name: "2026-01-01T00-00-00",
    machine: {
      cores: 2,
      processor: "a <fast> one",
      memoryMb: 8000,
      node: "20",
      loadAverage: [0.5, 0.4, 0.3],
      busyBefore: 0.01,
      stolenBefore: 0,
    },
    dataSet: "sample",
    options: { runs: factors.length, seconds: 30, settle: 60, phases, ...more },
    isProfiled: false,
    phases: Object.fromEntries(
      phases.map((phase) => [phase, factors.map((factor) => RUN_OF[phase]?.(factor))]),
    ),
  };
}
