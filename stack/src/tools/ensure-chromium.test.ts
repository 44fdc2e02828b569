import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "@jest/globals";
import { findChromium } from "./ensure-chromium.js";

let folder: string;

beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), "lastknown-chromium-"))));
afterEach(() => rm(folder, { recursive: true }));

it("finds the browser by any of its names, in whatever folder of the path it is", async () => {
  const browser = join(folder, "google-chrome");
  await writeFile(browser, "");
  await chmod(browser, 0o755);
  expect(await findChromium(["/nowhere", folder].join(delimiter))).toBe(browser);
});

it("takes nothing for it that cannot be run", async () => {
  const none = await findChromium("");
  await writeFile(join(folder, "chromium"), "", { mode: 0o644 });
  expect(await findChromium(folder)).toBe(none);
});
