import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "@jest/globals";
import { inFolder } from "./in-folder.js";

const BUILT = fileURLToPath(new URL("../../../dist/oracle/servers/in-folder.js", import.meta.url));

it("removes the folder when the work has ended, also where it failed", async () => {
  let folder = "";
  const note = async (given: string): Promise<boolean> => await Promise.resolve(existsSync((folder = given)));
  expect(await inFolder("in-folder-test-", note)).toBe(true);
  expect(existsSync(folder)).toBe(false);
  const fail = async (given: string): Promise<never> => {
    await note(given);
    throw new Error("no luck");
  };
  await expect(inFolder("in-folder-test-", fail)).rejects.toThrow("no luck");
  expect(existsSync(folder)).toBe(false);
});

it("removes the folder of work that the program's end cuts off", async () => {
  const code = `
    import { inFolder } from ${JSON.stringify(BUILT)};
    await inFolder("in-folder-test-", async (folder) => {
      process.stdout.write(folder, () => process.exit());
      await new Promise(() => setInterval(() => {}, 1000));
    });`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]);
  expect(stdout).toContain("in-folder-test-");
  expect(existsSync(stdout)).toBe(false);
});
