/** A stream of numbers that is the same for the same seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 ≤ n < 1, by mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b_79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** One of the choices, of which there has to be one. */
  pick<Choice>(choices: readonly Choice[]): Choice {
    const choice = choices[Math.floor(this.next() * choices.length)];
    if (choice === undefined) throw new RangeError("nothing to choose from");
    return choice;
  }

  /** All choices in another order. */
  shuffle<Choice>(choices: readonly Choice[]): Choice[] {
    const left = [...choices];
    const shuffled: Choice[] = [];
    while (left.length > 0) shuffled.push(...left.splice(Math.floor(this.next() * left.length), 1));
    return shuffled;
  }
}

/** A seed for a part of a run, so that a part repeated alone makes the same choices. */
export function seedOf(seed: number, part: string): number {
  let mixed = seed >>> 0;
  for (const byte of Buffer.from(part)) mixed = Math.imul(mixed ^ byte, 0x0100_0193) >>> 0;
  return mixed;
}
