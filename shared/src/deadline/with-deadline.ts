/**
 * What `work` gives, or what `late` gives or throws where the work has not ended after so many ms. The work is not
 * ended by that: whatever becomes of it later is ignored.
 *
 * @example
 *   const copy = await withDeadline(1000, cell.read(), () => undefined);
 */
export function withDeadline<Answer, Late>(
  deadlineMs: number,
  work: Promise<Answer>,
  late: () => Late,
): Promise<Answer | Late> {
  // Neither Promise.race nor an async function: each answer over HTTP comes by here, and they cost twice as much.
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      try {
        resolve(late());
      } catch (error) {
        reject(error as Error);
      }
    }, deadlineMs);
    work.then(
      (answer) => {
        clearTimeout(timer);
        resolve(answer);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error as Error);
      },
    );
  });
}
