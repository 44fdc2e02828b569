import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "@jest/globals";
import { ensureGoTool, type EnsureGoToolOptions } from "./ensure-go-tool.js";
import type { GoTool } from "./go-tools.js";

const HAPPENS_WITHIN_MS = 30_000;

let folder: string;
let builds: string;
let tool: GoTool;
let options: EnsureGoToolOptions;
let said: string[];

/**
 * Stands in for Go: it writes a program that says its version, and notes that it did, with its own pid. The file
 * `fails` has it fail, the file `hangs` has it go on for ever.
 */
const GO = (place: string): string => `#!/bin/sh
if [ "$1" = version ]; then cat "${place}/go-version"; exit 0; fi
echo "$$ $CGO_ENABLED $*" >> "${place}/builds"
if [ -e "${place}/hangs" ]; then exec sleep 300; fi
if [ -e "${place}/fails" ]; then echo "no required module provides package" >&2; exit 1; fi
sleep 1
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\necho version 2.0\\n' > "$2" && chmod +x "$2"
`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lastknown-go-tools-"));
  builds = join(folder, "builds");
  said = [];
  const goCommand = join(folder, "go");
  await writeFile(goCommand, GO(folder), { mode: 0o755 });
  await writeFile(join(folder, "go-version"), "go version go1.30.1 linux/amd64\n");
  const moduleFolder = join(folder, "module");
  await mkdir(moduleFolder);
  await writeFile(join(moduleFolder, "go.mod"), "module tiny\n");
  await writeFile(join(moduleFolder, "go.sum"), "");
  tool = {
    name: "lastknown-tiny-tool",
    moduleFolder,
    mainPackage: "example.com/tiny",
    linkerSettings: { "main.version": "2.0" },
    onPath: { args: ["--version"], fits: (answer) => answer.trim() === "version 2.0" },
    takes: "a second",
  };
  options = { onProgress: (line) => said.push(line), cacheFolder: join(folder, "cache"), goCommand };
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe("a tool built from Go modules", () => {
  it("is built once, without a compiler of C, and kept", async () => {
    const path = await ensureGoTool(tool, options);
    expect(spawnSync(path, { encoding: "utf8" }).stdout).toBe("version 2.0\n");
    expect(await ensureGoTool(tool, options)).toBe(path);
    const [build = "", ...others] = await buildsDone();
    expect(others).toEqual([]);
    expect(build).toMatch(
      /^\d+ 0 build -mod=readonly .*-ldflags -s -w -X main\.version=2\.0 -o \S+ example\.com\/tiny$/,
    );
    expect(said[0]).toContain("building lastknown-tiny-tool");
    expect(await readdir(dirname(path))).toEqual([tool.name]);
  });

  it("is built by one of several that want it at once", async () => {
    const paths = await Promise.all([1, 2, 3].map(() => ensureGoTool(tool, options)));
    expect(new Set(paths).size).toBe(1);
    expect(await buildsDone()).toHaveLength(1);
    expect(said).toContain("another program builds lastknown-tiny-tool: waiting for it");
  });

  it("is built again when a pin has changed, or Go", async () => {
    const first = await ensureGoTool(tool, options);
    await writeFile(join(tool.moduleFolder, "go.sum"), "another\n");
    const second = await ensureGoTool(tool, options);
    await writeFile(join(folder, "go-version"), "go version go1.31.0 linux/amd64\n");
    const third = await ensureGoTool(tool, options);
    expect(new Set([first, second, third]).size).toBe(3);
    expect(await buildsDone()).toHaveLength(3);
  });

  it("is not there after a build that failed, and can be built then", async () => {
    await writeFile(join(folder, "fails"), "");
    await expect(ensureGoTool(tool, options)).rejects.toThrow(
      "cannot build lastknown-tiny-tool; Go said:\nno required module provides package",
    );
    await rm(join(folder, "fails"));
    expect(existsSync(await ensureGoTool(tool, options))).toBe(true);
  });

  it.each(["none", "go version go1.19.8 linux/amd64"])("needs Go 1.24 where Go is %s", async (version) => {
    await writeFile(join(folder, "go-version"), version);
    if (version === "none") options = { ...options, goCommand: join(folder, "no-such-go") };
    await expect(ensureGoTool(tool, options)).rejects.toThrow(
      /^missing: Go 1\.24 or later \(go\), to build lastknown-tiny-tool\. Install with\n/,
    );
  });

  it("is the one on the PATH where that one's version will do", async () => {
    const bin = join(folder, "bin");
    await mkdir(bin);
    const onPath = async (version: string): Promise<string> => {
      await writeFile(join(bin, tool.name), `#!/bin/sh\necho version ${version}\n`, { mode: 0o755 });
      const path = process.env["PATH"];
      process.env["PATH"] = `${bin}:${path}`;
      try {
        return await ensureGoTool(tool, options);
      } finally {
        process.env["PATH"] = path;
      }
    };
    expect(await onPath("2.0")).toBe(tool.name);
    expect(await onPath("1.0")).toContain(join(folder, "cache"));
  });

  it("is no longer being built when its builder was killed, and another can build it", async () => {
    await writeFile(join(folder, "hangs"), "");
    const builder = startBuilder();
    await until(() => existsSync(builds));
    const [build = ""] = await buildsDone();
    const pid = Number(build.split(" ")[0]);
    const temporary = dirname(/ -o (\S+)/.exec(build)?.[1] ?? "");
    expect(existsSync(temporary)).toBe(true);
    builder.kill("SIGKILL");
    await until(() => !existsSync(`/proc/${pid}`) && !existsSync(temporary));
    await rm(join(folder, "hangs"));
    expect(existsSync(await ensureGoTool(tool, options))).toBe(true);
  });
});

async function buildsDone(): Promise<string[]> {
  return (await readFile(builds, "utf8")).trimEnd().split("\n");
}

/** Another program that wants the tool. */
function startBuilder(): ReturnType<typeof spawn> {
  const built = fileURLToPath(new URL("../../dist/go-tools/ensure-go-tool.js", import.meta.url));
  const { onPath: _onPath, ...plain } = tool;
  const code = `
    import { ensureGoTool } from ${JSON.stringify(built)};
    const tool = { ...${JSON.stringify(plain)}, onPath: { args: ["--version"], fits: () => false } };
    await ensureGoTool(tool, { ...${JSON.stringify(options)}, onProgress: () => undefined });`;
  return spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: "ignore" });
}

async function until(holds: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + HAPPENS_WITHIN_MS;
  while (!holds()) {
    if (performance.now() > deadlineMs) throw new Error(`it does not hold after ${HAPPENS_WITHIN_MS} ms`);
    await pause(50);
  }
}
