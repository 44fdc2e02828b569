/** A fault that this machine does not let us make: a run that plans it has to fail, not to go on without. */
export class CannotBeMadeError extends Error {
  /** @param fault e.g. `a stepped clock` */
  constructor(fault: string, why: string, options?: ErrorOptions) {
    super(`${fault} cannot be made here: ${why}`, options);
    this.name = "CannotBeMadeError";
  }
}
