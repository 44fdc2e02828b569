import { ViewDamagedError } from "../view-store.js";

/** Whether a view's file has been found damaged. It never becomes sound again: it is set aside and built anew. */
export class Soundness {
  readonly #onLost: (reason: string) => void;
  #damage: ViewDamagedError | undefined;

  /** @param onLost told once, before anybody else learns of it */
  constructor(onLost: (reason: string) => void) {
    this.#onLost = onLost;
  }

  get damage(): ViewDamagedError | undefined {
    return this.#damage;
  }

  /** @throws ViewDamagedError */
  require(): void {
    if (this.#damage !== undefined) throw this.#damage;
  }

  /** Gives the error to throw. */
  lose(reason: string): ViewDamagedError {
    if (this.#damage === undefined) {
      this.#damage = new ViewDamagedError(reason);
      this.#onLost(reason);
    }
    return this.#damage;
  }
}
