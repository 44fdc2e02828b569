/** Does something for each of the items, for at most `atOnce` of them at a time. The first failure ends all. */
export async function forEachAtOnce<Each>(
  atOnce: number,
  items: Iterable<Each>,
  act: (item: Each) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) await act(next.value);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}
