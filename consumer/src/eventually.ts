/** Waits until the condition holds; rejects with its name after the time. */
export async function eventually(
  name: string,
  condition: () => Promise<boolean> | boolean,
  deadlineMs = 20_000,
): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${name}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
