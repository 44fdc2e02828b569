import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "@jest/globals";
import { StackError } from "../stack-error.js";
import { identify, isRunning, type ServerIdentity } from "./server-identity.js";
import { TemporaryServers } from "./temporary-servers.js";
import { waitUntil } from "./wait-until.js";

const GONE_BOUND_MS = 20_000;
const opened: TemporaryServers[] = [];

afterEach(async () => {
  for (const servers of opened.splice(0)) await servers.stop();
});

async function open(): Promise<TemporaryServers> {
  const servers = await TemporaryServers.open("lastknown-temporary-", null);
  opened.push(servers);
  return servers;
}

function identityOf(pid: number | undefined): ServerIdentity {
  const identity = identify(pid ?? 0);
  if (identity === undefined) throw new Error(`nothing runs as ${pid}`);
  return identity;
}

describe("temporary servers", () => {
  it("are gone after stop, with their folder", async () => {
    const servers = await open();
    servers.launch("sleeper", { command: "sleep", args: ["300"] });
    const sleeper = identityOf(servers.running["sleeper"]);
    servers.assertAllRun();
    await servers.stop();
    expect([isRunning(sleeper), existsSync(servers.directory)]).toEqual([false, false]);
    await servers.stop();
  });

  it("are gone when their owner is killed, with their folder", async () => {
    const built = fileURLToPath(new URL("../../dist/lifetime/temporary-servers.js", import.meta.url));
    const code = `
      import { TemporaryServers } from ${JSON.stringify(built)};
      const servers = await TemporaryServers.open("lastknown-temporary-", null);
      servers.launch("sleeper", { command: "sleep", args: ["300"] });
      console.log(JSON.stringify([servers.directory, servers.running["sleeper"]]));
      setInterval(() => undefined, 1000);`;
    const owner = spawn(process.execPath, ["--input-type=module", "-e", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [said] = (await once(owner.stdout, "data")) as [Buffer];
    const [directory, pid] = JSON.parse(said.toString("utf8")) as [string, number];
    const sleeper = identityOf(pid);
    owner.kill("SIGKILL");
    await waitUntil({
      what: "all is gone",
      boundMs: GONE_BOUND_MS,
      lacking: async () =>
        isRunning(sleeper) ? "the server runs" : existsSync(directory) ? "the folder is there" : undefined,
    });
  });

  it("tell which of them has ended, and what it said last", async () => {
    const servers = await open();
    const program = join(servers.directory, "program.sh");
    await writeFile(program, "#!/bin/sh\necho the disk is full\nexit 3\n", { mode: 0o755 });
    servers.launch("program", { command: program, args: [] });
    await waitUntil({
      what: "it has ended",
      boundMs: GONE_BOUND_MS,
      lacking: async () => (servers.running["program"] === undefined ? undefined : "it runs"),
    });
    expect(() => servers.assertAllRun()).toThrow(
      new StackError("start", "program ended by itself. The end of its log:\nthe disk is full"),
    );
  });
});
