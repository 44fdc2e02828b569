import {
  eventIdOfContent,
  eventIdOfGivenId,
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
    const { eventId: column } = this.#mapping;
    if (column === undefined) return eventIdOfContent(user, timeStamp, row.identityJson);
    const given = row.cells[column] as string;
    if (given === "") {
      return {
        reason: "no-event-id",
        detail: `column ${JSON.stringify(this.#mapping.header[column])} is empty`,
      };
    }
    // A later turn observes anew, at another time. No cell holds a NUL, so no given id is mistaken for it.
    return eventIdOfGivenId(user, row.turn === 0 ? given : `${given}\0${row.turn}`);
  }
}
