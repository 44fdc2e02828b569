import {
  eventIdOfContent,
  eventIdOfGivenId,
  isEventId,
  isLegalTime,
  OUT_OF_RANGE,
  type ColumnType,
  type Event,
  type Micros,
} from "@lastknown/shared";
import { AttributesReader } from "../columns/attributes-reader.js";
import type { ColumnMapping } from "../columns/column-mapping.js";
import type { Problem } from "../csv/rejection.js";
import { isProblem } from "./row-reader.js";

/** A row in its turn: turn 0 is the file as it is, later ones have both times shifted. */
export interface TimedRow {
  readonly cells: readonly string[];
  readonly timeStamp: Micros;
  readonly sts: Micros;
  readonly turn: number;
}

/** Makes events of rows, once the columns have their types. */
export class EventReader {
  readonly #mapping: ColumnMapping;
  readonly #attributes: AttributesReader;

  constructor(mapping: ColumnMapping, types: ReadonlyMap<string, ColumnType>, commaAllowed: boolean) {
    this.#mapping = mapping;
    this.#attributes = new AttributesReader(mapping, types, commaAllowed);
  }

  read({ cells, timeStamp, sts, turn }: TimedRow): Event | Problem {
    if (!isLegalTime(timeStamp) || !isLegalTime(sts)) {
      return { reason: "time-out-of-range", detail: `shifted by ${turn} turns, a time is ${OUT_OF_RANGE}` };
    }
    const user = cells[this.#mapping.user] as string;
    const read = this.#attributes.read(cells);
    if (isProblem(read)) return read;
    const eventId = this.#eventId(user, timeStamp, { cells, turn, identityJson: read.identityJson });
    if (typeof eventId !== "string") return eventId;
    return { eventId, user, timeStamp, sts, attributes: read.attributes };
  }

  #eventId(
    user: string,
    timeStamp: Micros,
    row: { cells: readonly string[]; turn: number; identityJson: string },
  ): string | Problem {
    const { eventId: named, exportedEventId } = this.#mapping;
    if (named !== undefined) {
      const given = row.cells[named] as string;
      if (given === "") return this.#problem("no-event-id", named, "is empty");
      return row.turn === 0 ? eventIdOfGivenId(user, given) : idOfTurn(user, given, row.turn);
    }
    const exported = exportedEventId === undefined ? "" : (row.cells[exportedEventId] as string);
    // A row that somebody added to an export has no id yet.
    if (exportedEventId === undefined || exported === "")
      return eventIdOfContent(user, timeStamp, row.identityJson);
    if (!isEventId(exported)) {
      const shown = JSON.stringify(exported.slice(0, 40));
      return this.#problem("bad-event-id", exportedEventId, `holds ${shown}, which is no id of an export`);
    }
    // As it stands, so that what was one observation stays one, whatever its id was made of.
    return row.turn === 0 ? exported : idOfTurn(user, exported, row.turn);
  }

  #problem(reason: Problem["reason"], column: number, what: string): Problem {
    return { reason, detail: `column ${JSON.stringify(this.#mapping.header[column])} ${what}` };
  }
}

/** A later turn observes anew, at another time. No cell holds a NUL, so no given id is mistaken for it. */
function idOfTurn(user: string, id: string, turn: number): string {
  return eventIdOfGivenId(user, `${id}\0${turn}`);
}
