import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { ensureJars, type Jars } from "./ensure-jars.js";

const files = { "kafka/a.jar": "kafka", "registry/lib/b.jar": "registry", "download/c.tar.gz": "archive" };
const checksums = new Map(
  Object.entries(files).map(([path, text]) => [path, createHash("sha256").update(text).digest("hex")]),
);

let cacheFolder: string;
let downloads: number;

beforeEach(async () => {
  cacheFolder = await mkdtemp(join(tmpdir(), "lastknown-cache-"));
  downloads = 0;
});

afterEach(() => rm(cacheFolder, { recursive: true, force: true }));

async function put(folder: string, contents: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(contents)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}

function ensure(contents: Readonly<Record<string, string>> = files): Promise<Jars> {
  return ensureJars({
    onProgress: () => undefined,
    cacheFolder,
    checksums,
    download: async (folder) => {
      downloads += 1;
      await put(folder, contents);
    },
  });
}

describe("the servers' files", () => {
  it("are fetched once and then found", async () => {
    const first = await ensure();
    expect(await ensure()).toEqual(first);
    expect(downloads).toBe(1);
    expect(await readFile(join(first.folder, "kafka/a.jar"), "utf8")).toBe("kafka");
  });

  it("are all that stays: no archive, no temporary folder", async () => {
    const { folder } = await ensure();
    expect((await readdir(folder)).toSorted()).toEqual(["kafka", "registry"]);
    expect(await readdir(cacheFolder)).toHaveLength(1);
  });

  it.each(["cut off", "removed"])("are made anew where one was %s", async (damage) => {
    const { folder } = await ensure();
    const path = join(folder, "registry/lib/b.jar");
    await (damage === "removed" ? rm(path) : truncate(path, 3));
    await ensure();
    expect(downloads).toBe(2);
    expect(await readFile(path, "utf8")).toBe("registry");
    expect(await readdir(cacheFolder)).toHaveLength(1);
  });

  it("are refused where a checksum differs, and nothing is left", async () => {
    const forged = { ...files, "kafka/a.jar": "forged" };
    await expect(ensure(forged)).rejects.toMatchObject({ code: "download", exitCode: 1 });
    expect(await readdir(cacheFolder)).toEqual([]);
  });

  it("are refused where the archive differs, though it is dropped afterwards", async () => {
    await expect(ensure({ ...files, "download/c.tar.gz": "forged" })).rejects.toMatchObject({
      code: "download",
    });
  });

  it("are whole for each of two runs that fetch side by side", async () => {
    const [one, other] = await Promise.all([ensure(), ensure()]);
    expect(one).toEqual(other);
    expect(await readFile(join(one.folder, "kafka/a.jar"), "utf8")).toBe("kafka");
    expect(await readdir(cacheFolder)).toHaveLength(1);
  });

  it("take the place of what a killed run left long ago, but not of what another run is fetching", async () => {
    await put(cacheFolder, { "fetching-old/a": "", "fetching-new/a": "" });
    await utimes(join(cacheFolder, "fetching-old"), 0, 0);
    await ensure();
    const left = await readdir(cacheFolder);
    expect(left).toContain("fetching-new");
    expect(left).not.toContain("fetching-old");
  });
});
