/**
 * The answer, or the signal's reason if it comes first. The work is not ended by that: whatever becomes of it later
 * is ignored.
 *
 * @example
 *   await unlessAborted(stopping, sleep(1000));
 */
export async function unlessAborted<Answer>(signal: AbortSignal, answer: Promise<Answer>): Promise<Answer> {
  let stopListening: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    stopListening = () => signal.removeEventListener("abort", onAbort);
    if (signal.aborted) onAbort();
  });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    stopListening?.();
  }
}
