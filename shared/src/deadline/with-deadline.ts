/**
 * What `work` gives, or what `late` gives or throws where the work has not ended after so many ms. The work is not
 * ended by that: whatever becomes of it later is ignored.
 *
 * @example
 *   const copy = await withDeadline(1000, cell.read(), () => undefined);
 */
export async function withDeadline<Answer, Late>(
  deadlineMs: number,
  work: Promise<Answer>,
  late: () => Late,
): Promise<Answer | Late> {
  let timer: NodeJS.Timeout | undefined;
  const lateAnswer = new Promise<Late>((resolve, reject) => {
    timer = setTimeout(() => {
      try {
        resolve(late());
      } catch (error) {
        reject(error as Error);
      }
    }, deadlineMs);
  });
  try {
    return await Promise.race([work, lateAnswer]);
  } finally {
    clearTimeout(timer);
  }
}
