import { sampleFile, type SampleForm } from "../faults/sample-file.js";
import { TestFleet, type TestFleetOptions } from "../harness/test-fleet.js";
import { ProductCopy, type BuildChange } from "./product-copy.js";

export interface ControlFleetOptions extends Omit<TestFleetOptions, "bin"> {
  /** What is changed in the product that runs the fleet; nothing by default. */
  readonly changes?: readonly BuildChange[];
}

/**
 * Fleets that are run by copies of the built product: as it is, or with a fault. A test makes what it needs and
 * closes all of it in `afterEach`.
 */
export class ControlFleets {
  readonly #copies: ProductCopy[] = [];
  readonly #fleets: TestFleet[] = [];

  async copyWith(...changes: readonly BuildChange[]): Promise<ProductCopy> {
    const copy = await ProductCopy.make();
    this.#copies.push(copy);
    for (const change of changes) await copy.change(change);
    return copy;
  }

  /** Makes the topics and the fleet record; nothing runs yet. */
  async create({ changes = [], ...options }: ControlFleetOptions): Promise<TestFleet> {
    const { bin } = await this.copyWith(...changes);
    const fleet = await TestFleet.create({ ...options, bin });
    this.#fleets.push(fleet);
    return fleet;
  }

  async close(): Promise<void> {
    await Promise.all(this.#fleets.splice(0).map((fleet) => fleet.close()));
    await Promise.all(this.#copies.splice(0).map((copy) => copy.remove()));
  }
}

/** Replays the product's sample of hostile rows. Gives the file's path. */
export async function replaySample(fleet: TestFleet, form: SampleForm): Promise<string> {
  const file = await sampleFile(fleet.folder, form);
  await fleet.replay(file);
  return file;
}
