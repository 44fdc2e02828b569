/** A fault that this machine does not let us make: a run that plans it has to fail, not to go on without. */
export class CannotBeMadeError extends Error {
  /** @param fault e.g. `a stepped clock` */
  constructor(fault: string, why: string, options?: ErrorOptions) {
    super(`${fault} cannot be made here: ${why}`, options);
    this.name = "CannotBeMadeError";
  }
}

/**
 * Whether this machine lets us make a fault: tests of it are skipped where not, and the end of the run names them.
 * (The fault runner does not ask: a run with fewer faults than planned fails.)
 */
export async function canBeMade<Made>(
  make: () => Promise<Made>,
  unmake: (made: Made) => Promise<void> | void,
): Promise<boolean> {
  try {
    await unmake(await make());
    return true;
  } catch (error) {
    if (error instanceof CannotBeMadeError) return false;
    throw error;
  }
}
