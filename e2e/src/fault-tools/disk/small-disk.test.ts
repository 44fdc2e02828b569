import { existsSync, readFileSync } from "node:fs";
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "@jest/globals";
import { ChildProcess } from "../../harness/child-process.js";
import { waitUntil } from "../../harness/wait-until.js";
import { canBeMade } from "../cannot-be-made.js";
import { SmallDisk } from "./small-disk.js";

const MEGABYTE = 1024 * 1024;
const BUILT = pathToFileURL(
  new URL("../../../dist/fault-tools/disk/index.js", import.meta.url).pathname,
).href;
const BOUND = { boundMs: 20_000 };

const isMounted = (folder: string): boolean =>
  readFileSync("/proc/mounts", "utf8")
    .split("\n")
    .some((line) => line.split(" ")[1] === folder);

const itWithDisks = (await canBeMade(
  () => SmallDisk.mount({ bytes: MEGABYTE }),
  (disk) => disk.unmount(),
))
  ? it
  : it.skip;

describe("SmallDisk", () => {
  let disk: SmallDisk | undefined;

  afterEach(async () => disk?.unmount());

  itWithDisks("has no room when it is filled, and room again when it is freed", async () => {
    disk = await SmallDisk.mount({ bytes: 2 * MEGABYTE });
    const file = join(disk.folder, "log");
    await writeFile(file, Buffer.alloc(MEGABYTE / 2));
    await disk.fill({ leaveBytes: MEGABYTE / 4 });
    await appendFile(file, Buffer.alloc(MEGABYTE / 8));
    expect(await disk.fill()).toBeGreaterThan(0);
    expect(await disk.freeBytes()).toBe(0);
    await expect(appendFile(file, Buffer.alloc(MEGABYTE / 8))).rejects.toMatchObject({ code: "ENOSPC" });
    await disk.free();
    await appendFile(file, Buffer.alloc(MEGABYTE / 8));
    await disk.unmount();
    expect(existsSync(disk.folder)).toBe(false);
  });

  itWithDisks("takes the place of a folder with what is in it, and gives it back", async () => {
    const folder = await mkdtemp(join(tmpdir(), "lastknown-over-"));
    await mkdir(join(folder, "events-0"));
    await writeFile(join(folder, "events-0", "log"), "before");
    try {
      disk = await SmallDisk.mount({ bytes: 2 * MEGABYTE, over: folder });
      expect([disk.folder, isMounted(folder)]).toEqual([folder, true]);
      expect(await readFile(join(folder, "events-0", "log"), "utf8")).toBe("before");
      await writeFile(join(folder, "events-0", "log"), "after");
      await disk.unmount();
      expect(isMounted(folder)).toBe(false);
      expect(await readFile(join(folder, "events-0", "log"), "utf8")).toBe("before");
    } finally {
      await disk?.unmount();
      await rm(folder, { recursive: true });
    }
  });

  itWithDisks("is gone when the program that mounted it is killed", async () => {
    disk = await SmallDisk.mount({ bytes: MEGABYTE });
    const code = `
      import { SmallDisk } from ${JSON.stringify(BUILT)};
      console.log((await SmallDisk.mount({ bytes: 1048576 })).folder);
      setInterval(() => undefined, 1000);`;
    const child = new ChildProcess({
      name: "a program with a small disk",
      command: process.execPath,
      args: ["--input-type=module", "-e", code],
      environment: process.env,
    });
    const folder = await child.line((line) => line, BOUND.boundMs);
    expect(isMounted(folder)).toBe(true);
    await child.kill("SIGKILL");
    await waitUntil(async () => (existsSync(folder) ? undefined : true), {
      what: "the disk to go",
      ...BOUND,
    });
    expect(isMounted(folder)).toBe(false);
  });
});
