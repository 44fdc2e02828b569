/** What a reader saw of one user in Redis. */
export interface SeenState {
  readonly user: string;
  /** When the answer was there, in ms since 1970. */
  readonly atMs: number;
  /** As Redis holds them; absent where there was no state. */
  readonly order?: string;
  readonly source?: string;
}

/** What a reader saw as a bucket's progress. */
export interface SeenProgress {
  readonly partition: number;
  readonly bucket: number;
  readonly atMs: number;
  readonly offset: number;
}

/** What the query service said about one user. */
export interface SeenAnswer {
  readonly user: string;
  readonly kind: "latest" | "as-of";
  /** When it was asked, in ms since 1970. */
  readonly askedAtMs: number;
  readonly tookMs: number;
  /** 0 where no answer came. */
  readonly status: number;
  readonly store: string;
  /** X-Data-Lag-Seconds; absent where it was no number. */
  readonly lagSeconds?: number;
  /** Of the answered event. */
  readonly eventId?: string;
  readonly sts?: string;
}

/** The time in which a worker said that it was healing a bucket, in ms since 1970. */
export interface Healing {
  readonly bucket: number;
  readonly fromMs: number;
  /** Infinity where it never said that it was done. */
  readonly toMs: number;
}
