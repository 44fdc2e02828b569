import { afterAll, beforeAll, describe, it } from "@jest/globals";
import { ProductCopy } from "../../negative-controls/product-copy.js";
import { deathAt, failpoints } from "./failpoint-faults.js";

describe("the places between two steps of the work", () => {
  let copy: ProductCopy;

  beforeAll(async () => void (copy = await ProductCopy.make()));

  afterAll(async () => copy.remove());

  it.each(failpoints.map((failpoint) => [failpoint.name, failpoint] as const))(
    "are found in what is built: between %s",
    async (_name, failpoint) => copy.change(deathAt(failpoint)),
  );
});
