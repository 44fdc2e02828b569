/** Rejects with the first failure, but only when nothing of the rest could start another program any more. */
export async function allOrNoneUnderWay(steps: readonly Promise<void>[]): Promise<void> {
  try {
    await Promise.all(steps);
  } catch (error) {
    await Promise.allSettled(steps);
    throw error;
  }
}
