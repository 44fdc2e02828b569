import type { ColumnType, EventEncoder } from "@lastknown/shared";
import { CsvParser } from "../csv/csv-parser.js";
import type { Publisher } from "../publish/publisher.js";
import type { ReplaySummary } from "../report/replay-summary.js";
import { EventReader } from "../rows/event-reader.js";
import type { ReplaySession } from "./replay-session.js";
import type { AcceptedRow, IntakeFactory, RowIntake } from "./row-intake.js";
import type { RowSender } from "./row-sender.js";

/** The types of a stream's columns are learnt from so many rows, or from what comes within so long. */
const LEARNING_ROWS = 1000;
const LEARNING_MS = 1000;

/**
 * Replays standard input: its rows go out as they come, unordered, since their end may never come. Types follow
 * from the registry and the first rows; a later value that its column's type cannot hold is rejected. A column
 * that gets its first value later is added to the schema then.
 *
 * When it is asked to stop, rows that it has read and not yet sent are left out, and nothing is registered for them.
 */
export async function replayStream(
  session: ReplaySession,
  makeIntake: IntakeFactory,
): Promise<ReplaySummary> {
  return await new StreamReplay(session, makeIntake).run();
}

type Arrived = { kind: "chunk"; chunk: Buffer } | { kind: "end" } | { kind: "deadline" };

class StreamReplay {
  readonly #session: ReplaySession;
  readonly #intake: RowIntake;
  readonly #sender: RowSender;
  readonly #publisher: Publisher | undefined;
  readonly #parser: CsvParser;
  /** Rows read and not yet sent: those of one chunk, or of the learning. */
  #waiting: AcceptedRow[] = [];
  #types: ReadonlyMap<string, ColumnType> | undefined;
  #encoder: EventEncoder | undefined;
  #position = 0;

  constructor(session: ReplaySession, makeIntake: IntakeFactory) {
    this.#session = session;
    this.#intake = makeIntake((row) => this.#waiting.push({ ...row, raw: Buffer.from(row.raw) }));
    this.#parser = new CsvParser(this.#intake, session.options);
    const { sender, publisher } = session.openSender({ rowsDone: 0, refusedLines: [] });
    this.#sender = sender;
    this.#publisher = publisher;
  }

  async run(): Promise<ReplaySummary> {
    for await (const arrived of this.#arrivals()) {
      if (arrived.kind === "chunk") this.#parser.write(arrived.chunk);
      if (arrived.kind === "end") this.#parser.end();
      if (!this.#knowsEnough(arrived)) continue;
      await this.#adoptTypes();
      await this.#sendWaiting();
      this.#session.tick("publishing", this.#intake.rows);
      if (this.#sender.finished) break;
    }
    await this.#publisher?.drain();
    this.#session.publishingEnded();
    return this.#session.summary(this.#intake, {
      turns: 1,
      resumed: 0,
      spilledBytes: 0,
      countsAllTurns: true,
    });
  }

  /**
   * The stream's chunks and its end; a deadline once, some time after the first of them. Where there is no use in
   * waiting it stops without an end: half a row may have come, which only the stream's own end would make a whole one.
   */
  async *#arrivals(): AsyncGenerator<Arrived> {
    const { input, clock } = this.#session;
    const { wake } = this.#sender;
    const chunks = input.chunks[Symbol.asyncIterator]();
    const learning = new AbortController();
    let deadline: Promise<Arrived> | undefined;
    try {
      while (!wake.aborted) {
        const next = chunks.next().then((result): Arrived => {
          return result.done === true ? { kind: "end" } : { kind: "chunk", chunk: result.value };
        });
        const first = deadline === undefined ? next : Promise.race([next, deadline]);
        let arrived = await untilAborted(first, wake);
        if (arrived?.kind === "deadline") {
          deadline = undefined;
          yield arrived;
          arrived = await untilAborted(next, wake);
        }
        if (arrived === undefined) return;
        yield arrived;
        if (arrived.kind === "end") return;
        if (this.#types === undefined) {
          deadline ??= clock.sleep(LEARNING_MS, learning.signal).then(() => ({ kind: "deadline" }));
        } else deadline = undefined;
      }
    } finally {
      learning.abort();
      input.close();
    }
  }

  #knowsEnough(arrived: Arrived): boolean {
    if (this.#waiting.length === 0) return false;
    return (
      this.#types !== undefined ||
      arrived.kind !== "chunk" ||
      this.#waiting.length >= LEARNING_ROWS ||
      this.#intake.columns.types.allKnown
    );
  }

  /** Fixes the types of columns that have one by now and had none before. */
  async #adoptTypes(): Promise<void> {
    const { columns } = this.#intake;
    const known = this.#types;
    if (known !== undefined && [...columns.types.types().keys()].every((header) => known.has(header))) return;
    const opened = await this.#session.openEncoder(
      columns.types,
      // What has its type already keeps it: rows of that type may be sent.
      () => new Map([...columns.types.types(), ...(known ?? [])]),
    );
    this.#types = opened.types;
    this.#encoder = opened.encoder;
    this.#sender.use(new EventReader(columns.mapping, this.#types, columns.commaAllowed), this.#encoder);
  }

  async #sendWaiting(): Promise<void> {
    const rows = this.#waiting;
    this.#waiting = [];
    for (const row of rows) {
      if (this.#sender.finished) return;
      this.#position++;
      await this.#sender.send({ ...row, turn: 0, position: this.#position });
    }
    await this.#publisher?.flush();
  }
}

/**
 * What the promise gives; undefined once the signal is given, also where both are there. It leaves nothing behind: a
 * race with a promise that lives as long as the stream would hold every chunk of it.
 */
function untilAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value | undefined> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => resolve(undefined);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    void promise
      .then((value) => resolve(signal.aborted ? undefined : value), reject)
      .finally(() => signal.removeEventListener("abort", giveUp));
  });
}
