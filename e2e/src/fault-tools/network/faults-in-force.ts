import { seededRandom } from "./seeded-random.js";

export const DIRECTIONS = ["to-server", "to-client"] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** A Redis replica's connection to its master goes through the master's proxy as well. */
export const TRAFFICS = ["clients", "replication"] as const;
export type Traffic = (typeof TRAFFICS)[number];

/** Which bytes a fault hits; all that is left out. */
export interface Reach {
  readonly direction?: Direction;
  readonly traffic?: Traffic;
}

export interface Delay extends Reach {
  readonly latencyMs: number;
  /** Up to so much more, other for each piece. Bytes keep their order all the same. */
  readonly jitterMs?: number;
}

export interface AnswerDrop {
  /** So many answers; all by default, until `passAnswers`. */
  readonly times?: number;
  /** Of a proxy that speaks Kafka: only answers to requests of this kind, 0 for Produce. */
  readonly kafkaApiKey?: number;
  /** Of any other proxy: only answers to what contains this text, e.g. `EVALSHA`. */
  readonly containing?: string;
}

/** Which faults one proxy makes now. */
export class FaultsInForce {
  readonly #random: () => number;
  #delays: readonly Delay[] = [];
  #cuts: readonly Reach[] = [];
  #drop: AnswerDrop | undefined;
  #dropsLeft = 0;
  refusing = false;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  delay(delay: Delay): void {
    this.#delays = [...this.#delays, delay];
  }

  cut(reach: Reach): void {
    this.#cuts = [...this.#cuts, reach];
  }

  dropAnswers(drop: AnswerDrop): void {
    this.#drop = drop;
    this.#dropsLeft = drop.times ?? Infinity;
  }

  passAnswers(): void {
    this.#dropsLeft = 0;
  }

  clear(): void {
    this.#delays = [];
    this.#cuts = [];
    this.refusing = false;
    this.passAnswers();
  }

  isCut(direction: Direction, traffic: Traffic): boolean {
    return this.#cuts.some((reach) => hits(reach, direction, traffic));
  }

  delayMs(direction: Direction, traffic: Traffic): number {
    let delayMs = 0;
    for (const delay of this.#delays) {
      if (hits(delay, direction, traffic))
        delayMs += delay.latencyMs + this.#random() * (delay.jitterMs ?? 0);
    }
    return delayMs;
  }

  /** The answers that are to be dropped now, if any are left. */
  get drop(): AnswerDrop | undefined {
    return this.#dropsLeft > 0 ? this.#drop : undefined;
  }

  /** Takes one of them. */
  takeDrop(): void {
    this.#dropsLeft--;
  }

  /** Gives one back whose connection ended before its answer came. */
  returnDrop(): void {
    this.#dropsLeft++;
  }
}

function hits(reach: Reach, direction: Direction, traffic: Traffic): boolean {
  return (reach.direction ?? direction) === direction && (reach.traffic ?? traffic) === traffic;
}
