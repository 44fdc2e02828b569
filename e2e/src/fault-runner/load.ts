import { recompute, type Arrival } from "../oracle/index.js";
import { sampleFile } from "../faults/sample-file.js";
import type { ChildProcess } from "../harness/child-process.js";
import type { TestFleet } from "../harness/test-fleet.js";

export interface LoadForm {
  readonly users: number;
  /** Rows each second. */
  readonly rate: number;
  /** The file has rows for so long; a run that needs more fails. */
  readonly secondsMax: number;
  readonly seed: number;
}

const STOP_BOUND_MS = 60_000;
const EARLY_ARRIVALS = 1_000;

/** A replay of hostile rows at a steady rate, for as long as faults are made. */
export class Load {
  /** All that the file has, in the order of publishing. */
  readonly #arrivals: readonly Arrival[];
  readonly #replay: ChildProcess;

  private constructor(arrivals: readonly Arrival[], replay: ChildProcess) {
    this.#arrivals = arrivals;
    this.#replay = replay;
  }

  static async start(fleet: TestFleet, { users, rate, secondsMax, seed }: LoadForm): Promise<Load> {
    const file = await sampleFile(fleet.folder, { users, rows: rate * secondsMax, seed });
    const args = ["replay", file, "--rate", String(rate), "--json", "--progress", "none"];
    return new Load(recompute(file).arrivals, fleet.start(args));
  }

  /** Those who come within the first seconds, so that something is to be seen of them all the time. */
  get earlyUsers(): readonly string[] {
    return [...new Set(this.#arrivals.slice(0, EARLY_ARRIVALS).map(({ user }) => user))];
  }

  get running(): boolean {
    return this.#replay.running;
  }

  /** @throws Error with what the replay said, where it has ended by itself */
  requireRunning(): void {
    if (!this.running) throw this.#replay.failure("ended before the faults were over");
  }

  /** Ends it as a person would. Gives what it says to have published, as the oracle reads it from the file. */
  async stop(): Promise<readonly Arrival[]> {
    this.requireRunning();
    await this.#replay.kill("SIGINT");
    const timer = setTimeout(() => void this.#replay.kill("SIGKILL"), STOP_BOUND_MS);
    const { exitCode } = await this.#replay.ended;
    clearTimeout(timer);
    if (exitCode !== 0 && exitCode !== 130) throw this.#replay.failure(`ended with ${exitCode}`);
    const { published } = JSON.parse(this.#replay.stdout.end(1)) as { published: number };
    return this.#arrivals.slice(0, published);
  }

  /** Ends it at once, where nothing is to be judged any more. */
  async abandon(): Promise<void> {
    await this.#replay.kill("SIGKILL");
  }
}
