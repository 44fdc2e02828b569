import { withDeadline, type FleetRecordCell } from "@lastknown/shared";

const DEADLINE_MS = 1000;

/** Redis's copy of the fleet record, taken for absent where Redis does not answer in time. */
export class PatientFleetCell implements FleetRecordCell {
  readonly #inner: FleetRecordCell;
  #wasRead = false;

  constructor(inner: FleetRecordCell) {
    this.#inner = inner;
  }

  /** Whether Redis answered the last time. */
  get wasRead(): boolean {
    return this.#wasRead;
  }

  async read(): Promise<string | undefined> {
    let isLate = false;
    // Redis away is no reason not to start: the view answers meanwhile.
    const text = this.#inner.read().then(
      (copy) => {
        this.#wasRead = !isLate;
        return copy;
      },
      () => undefined,
    );
    return await withDeadline(DEADLINE_MS, text, () => {
      isLate = true;
      return undefined;
    });
  }

  /** A reader writes none. */
  writeIfAbsent(): Promise<string> {
    return Promise.reject(new Error("the query service does not write the fleet record"));
  }
}
