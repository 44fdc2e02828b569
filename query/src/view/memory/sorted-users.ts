import { compareCodePoints } from "@lastknown/shared";
import { firstIndex } from "./user-arrivals.js";

/**
 * Users by code point, which is the order of their bytes. New ones are put in their places when somebody asks: each by
 * itself would move all that come after it.
 */
export class SortedUsers {
  #sorted: string[] = [];
  #added: string[] = [];

  /** One that is not among them. */
  add(user: string): void {
    this.#added.push(user);
  }

  /** From the first after `after`. */
  *from(after: string | undefined): Iterable<string> {
    this.#sortAdded();
    const sorted = this.#sorted;
    const first = after === undefined ? 0 : firstIndex(sorted, (user) => compareCodePoints(user, after) > 0);
    for (let index = first; index < sorted.length; index++) yield sorted[index] as string;
  }

  clear(): void {
    this.#sorted = [];
    this.#added = [];
  }

  #sortAdded(): void {
    if (this.#added.length === 0) return;
    this.#sorted = merged(this.#sorted, this.#added.sort(compareCodePoints));
    this.#added = [];
  }
}

function merged(some: readonly string[], others: readonly string[]): string[] {
  const all: string[] = [];
  let next = 0;
  for (const user of some) {
    for (; next < others.length && compareCodePoints(others[next] as string, user) < 0; next++)
      all.push(others[next] as string);
    all.push(user);
  }
  return all.concat(others.slice(next));
}
