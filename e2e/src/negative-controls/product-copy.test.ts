import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ProductCopy } from "./product-copy.js";

describe("a copy of the built product", () => {
  let root = "";
  let copy: ProductCopy | undefined;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "product-copy-test-"));
    const write = async (file: string, text: string): Promise<void> => {
      await mkdir(dirname(join(root, file)), { recursive: true });
      await writeFile(join(root, file), text);
    };
    for (const name of ["shared", "producer", "consumer", "query", "stack", "e2e", "cli"]) {
      await write(`${name}/package.json`, "{}");
      await write(`${name}/dist/index.js`, `one ${name}, two two`);
      await write(`${name}/dist/index.js.map`, "map");
      await write(`node_modules/@lastknown/${name}/other`, "not linked");
    }
    await write("cli/bin/lastknown.js", "run");
    await write("query/page/index.html", "page");
    await write("node_modules/vendor/index.js", "vendor");
    copy = await ProductCopy.make(root);
  });

  afterAll(async () => {
    await copy?.remove();
    await rm(root, { recursive: true });
  });

  const made = (): ProductCopy => {
    if (copy === undefined) throw new Error("nothing was copied");
    return copy;
  };
  const read = (file: string): Promise<string> => readFile(join(made().folder, file), "utf8");

  it("has its own packages, and what they depend on", async () => {
    expect(await read("node_modules/vendor/index.js")).toBe("vendor");
    expect(await read("node_modules/@lastknown/shared/dist/index.js")).toBe("one shared, two two");
    await expect(stat(join(made().folder, "shared/dist/index.js.map"))).rejects.toThrow("ENOENT");
    expect(await readFile(made().bin, "utf8")).toBe("run");
    expect(await read("query/page/index.html")).toBe("page");
  });

  it("changes one text, and leaves the original alone", async () => {
    await made().change({ file: "query/dist/index.js", from: "one", to: "three" });
    expect(await read("node_modules/@lastknown/query/dist/index.js")).toBe("three query, two two");
    expect(await readFile(join(root, "query/dist/index.js"), "utf8")).toBe("one query, two two");
  });

  it("refuses to change what is not there, or there twice", async () => {
    const change = (from: string): Promise<void> =>
      made().change({ file: "shared/dist/index.js", from, to: "x" });
    await expect(change("four")).rejects.toThrow("holds the text 0 times, not once: four");
    await expect(change("two")).rejects.toThrow("holds the text 2 times");
    expect(await read("shared/dist/index.js")).toBe("one shared, two two");
  });
});
