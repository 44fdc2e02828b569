import { setImmediate as nextTurnOfTheLoop } from "node:timers/promises";
import { isLegalTime, type Micros } from "@lastknown/shared";
import { Checkpoint, type ReplayPosition } from "../checkpoint/checkpoint.js";
import { CheckpointKeeper } from "../checkpoint/checkpoint-keeper.js";
import { CsvParser } from "../csv/csv-parser.js";
import { splitFields } from "../csv/fields.js";
import type { ReplaySummary } from "../report/replay-summary.js";
import { EventReader } from "../rows/event-reader.js";
import { ExternalSort } from "../sort/external-sort.js";
import { replayIdentity } from "./replay-identity.js";
import type { ReplaySession } from "./replay-session.js";
import type { IntakeFactory, RowIntake } from "./row-intake.js";
import type { PlacedRow, RowSender } from "./row-sender.js";

/** After so many rows other work of the process gets its turn, signals among it. */
const ROWS_PER_TURN_OF_THE_LOOP = 1000;
/** Between the turns of a file whose rows all came at one moment. */
const SPAN_OF_A_MOMENT: Micros = 1_000_000;
const NOTHING: ReplayPosition = { rowsDone: 0, refusedLines: [] };

/**
 * Replays a file: one pass reads, orders and learns the types of its columns; then its rows go out by `sts`,
 * turn after turn.
 */
export async function replayFile(session: ReplaySession, makeIntake: IntakeFactory): Promise<ReplaySummary> {
  const { sortMemoryBytes, temporaryDirectory } = session.options;
  const sort = new ExternalSort({ memoryBytesMax: sortMemoryBytes, directory: temporaryDirectory });
  try {
    return await new FileReplay(session, sort, makeIntake).run();
  } finally {
    sort.close();
  }
}

class FileReplay {
  readonly #session: ReplaySession;
  readonly #sort: ExternalSort;
  readonly #intake: RowIntake;
  #rows = 0;
  /** False: whole turns that an earlier run sent are in no figure. */
  #countsAllTurns = true;

  constructor(session: ReplaySession, sort: ExternalSort, makeIntake: IntakeFactory) {
    this.#session = session;
    this.#sort = sort;
    this.#intake = makeIntake(({ sts, timeStamp, line, raw }) => {
      this.#rows++;
      sort.add({ sts, timeStamp, line, raw });
    });
  }

  async run(): Promise<ReplaySummary> {
    await this.#read();
    if (this.#session.isStopped) return this.#summary(0, 0);
    const { turns, resumed } = await this.#publish();
    return this.#summary(turns, resumed);
  }

  async #read(): Promise<void> {
    const session = this.#session;
    const parser = new CsvParser(this.#intake, session.options);
    for await (const chunk of session.input.chunks) {
      parser.write(chunk);
      session.tick("reading", this.#intake.rows);
      if (session.isStopped) return;
    }
    parser.end();
    session.tick("reading", this.#intake.rows);
  }

  async #publish(): Promise<{ turns: number; resumed: number }> {
    const session = this.#session;
    const done = this.#openCheckpoint();
    const { columns } = this.#intake;
    if (this.#rows === 0) return { turns: 0, resumed: 0 };
    const { types, encoder } = await session.openEncoder(columns.types, () => columns.types.types());
    const { sender, publisher } = session.openSender(done);
    sender.use(new EventReader(columns.mapping, types, columns.commaAllowed), encoder);

    const firstTurn = Math.floor(done.rowsDone / this.#rows);
    let turns: number;
    try {
      if (firstTurn > 0) await this.#countTurns(sender, firstTurn);
      this.#countsAllTurns = firstTurn <= 1;
      turns = await this.#sendTurns(sender, firstTurn);
      await publisher?.drain();
    } catch (error) {
      await session.saveAfterFailure();
      throw error;
    }
    session.publishingEnded();
    // Rows rejected behind the last published one are done too.
    if (!sender.finished) session.keeper?.advance(turns * this.#rows);
    await session.keeper?.finish();
    return { turns, resumed: firstTurn * this.#rows + sender.resumed };
  }

  /** Returns how many turns were begun, earlier runs included. */
  async #sendTurns(sender: RowSender, firstTurn: number): Promise<number> {
    const { turns = 1, dryRun } = this.#session.options;
    const turnsMax = dryRun === true ? 1 : turns;
    this.#session.rowsTotal = this.#rows * turnsMax;
    const span = this.#intake.lastSts - this.#intake.firstSts || SPAN_OF_A_MOMENT;
    let turn = firstTurn;
    for (; turn < turnsMax && !sender.finished; turn++) {
      if (turn > 0 && !isLegalTime(this.#intake.lastSts + turn * span)) break;
      await this.#sendTurn(sender, turn, turn * span);
    }
    return turn;
  }

  /** The figures are of the whole file, also where an earlier run sent all of it; the limit is of all turns. */
  async #countTurns(sender: RowSender, turns: number): Promise<void> {
    await this.#passTurn(
      { turn: 0, shift: 0 },
      () => this.#session.isStopped,
      (row) => sender.count(row, turns),
    );
  }

  async #sendTurn(sender: RowSender, turn: number, shift: Micros): Promise<void> {
    await this.#passTurn(
      { turn, shift },
      () => sender.finished,
      (row) => sender.send(row),
    );
  }

  /** Hands the file's rows on in their order until `isEnough`. */
  async #passTurn(
    { turn, shift }: { turn: number; shift: Micros },
    isEnough: () => boolean,
    take: (row: PlacedRow) => Promise<void> | undefined,
  ): Promise<void> {
    const session = this.#session;
    const { dialect } = this.#intake.columns;
    const cursor = this.#sort.cursor();
    let position = turn * this.#rows;
    for (let entry = cursor.current; entry !== undefined && !isEnough(); entry = cursor.current) {
      const { line, raw } = entry;
      position++;
      const cells = splitFields(raw.toString("utf8"), dialect);
      const times = { timeStamp: entry.timeStamp + shift, sts: entry.sts + shift };
      const wait = take({ line, raw, cells, ...times, turn, position });
      if (wait !== undefined) {
        await wait;
        session.tick("publishing", this.#intake.rows);
      }
      cursor.advance();
      if (position % ROWS_PER_TURN_OF_THE_LOOP !== 0) continue;
      session.keeper?.check();
      session.tick("publishing", this.#intake.rows);
      await nextTurnOfTheLoop();
    }
  }

  /** What an earlier run has done. */
  #openCheckpoint(): ReplayPosition {
    const session = this.#session;
    const { options, target } = session;
    if (options.checkpoint === undefined || target === undefined) return NOTHING;
    const checkpoint = new Checkpoint(
      options.checkpoint,
      replayIdentity(options, target, session.input.hash()),
    );
    session.keeper = new CheckpointKeeper(checkpoint, session.clock);
    const done = checkpoint.load();
    for (const line of done.refusedLines) session.keeper.noteRefused(line);
    session.keeper.advance(done.rowsDone);
    return done;
  }

  #summary(turns: number, resumed: number): ReplaySummary {
    const { spilledBytes } = this.#sort;
    return this.#session.summary(this.#intake, {
      turns,
      resumed,
      spilledBytes,
      countsAllTurns: this.#countsAllTurns,
    });
  }
}
