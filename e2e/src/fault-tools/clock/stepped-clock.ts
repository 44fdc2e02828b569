import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureLibfaketime } from "./ensure-libfaketime.js";

const ASK_BOUND_MS = 5_000;
const SHARED_MEMORY = "/dev/shm";
/** What libfaketime makes there for each program, and leaves behind where that is killed. */
const LEFTOVER = /^(?:faketime_shm|sem\.faketime_sem)_(\d+)$/;

/**
 * A wall clock that can be set while programs run by it; the clock that measures durations is left alone, as when
 * an operator or NTP sets the time of a machine.
 *
 * @example
 * const clock = await SteppedClock.create();
 * const worker = await fleet.startWorker(clock.environment);
 * clock.setAheadBy(3600); // seen: await clock.offsetSecondsAt(`http://127.0.0.1:${worker.operationsPort}/livez`)
 */
export class SteppedClock {
  readonly #library: string;
  readonly #folder: string;

  private constructor(library: string) {
    this.#library = library;
    this.#folder = mkdtempSync(join(tmpdir(), "lastknown-clock-"));
    this.setAheadBy(0);
  }

  /** @throws CannotBeMadeError where libfaketime is neither there nor to be had */
  static async create(): Promise<SteppedClock> {
    return new SteppedClock(await ensureLibfaketime());
  }

  /** Of the programs that shall live by this clock. */
  get environment(): Record<string, string> {
    return {
      LD_PRELOAD: this.#library,
      FAKETIME_TIMESTAMP_FILE: this.#file,
      // Each look at the clock reads the file: a step is seen at once.
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  /** Sets the clock so many seconds ahead of the machine's, or behind it where negative; seen at the next look. */
  setAheadBy(seconds: number): void {
    const next = `${this.#file}.next`;
    writeFileSync(next, `${seconds < 0 ? "" : "+"}${seconds}\n`);
    renameSync(next, this.#file);
  }

  /** How far a running service's clock is ahead of the machine's, in seconds, as its `Date` header tells. */
  async offsetSecondsAt(url: string): Promise<number> {
    const response = await fetch(url, { signal: AbortSignal.timeout(ASK_BOUND_MS) });
    await response.arrayBuffer();
    return (Date.parse(response.headers.get("date") ?? "") - Date.now()) / 1000;
  }

  /** Call it when the programs have ended. Takes away what killed ones left in shared memory, too. */
  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
    if (!existsSync(SHARED_MEMORY)) return;
    for (const name of readdirSync(SHARED_MEMORY)) {
      const pid = LEFTOVER.exec(name)?.[1];
      if (pid !== undefined && !existsSync(`/proc/${pid}`))
        rmSync(join(SHARED_MEMORY, name), { force: true });
    }
  }

  get #file(): string {
    return join(this.#folder, "offset");
  }
}
