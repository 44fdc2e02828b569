import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it, jest } from "@jest/globals";
import { runCommand } from "@lastknown/stack";
import { startApiServer } from "./start-api-server.js";
import { testTool } from "./test-kubectl.js";

jest.setTimeout(10 * 60_000);

const GONE_BOUND_MS = 30_000;

describe("an API server for tests", () => {
  it("lets in who has the file that only we can read, and is gone after stop", async () => {
    const commands = { etcd: testTool("ETCD"), kubeApiServer: testTool("KUBE_APISERVER") };
    const server = await startApiServer({ commands, onProgress: () => undefined, watched: null });
    const { KUBECONFIG } = server.environment;
    const pids = Object.values(server.running());
    expect(pids).toHaveLength(2);
    try {
      for (const name of ["kubeconfig", "tokens.csv", "service-account.pem"])
        expect((await stat(join(server.directory, name))).mode & 0o077).toBe(0);
      expect(await whoAmI(KUBECONFIG)).toContain("admin");
      const withoutToken = await whoAmI(KUBECONFIG, "--token=wrong");
      expect(withoutToken).toContain("You must be logged in");
    } finally {
      await server.stop();
    }
    await expectGone(pids, server.directory);
  });

  it("is gone when its owner is killed", async () => {
    const built = fileURLToPath(new URL("../../dist/api-server/start-api-server.js", import.meta.url));
    const commands = { etcd: testTool("ETCD"), kubeApiServer: testTool("KUBE_APISERVER") };
    const code = `
      import { startApiServer } from ${JSON.stringify(built)};
      const commands = ${JSON.stringify(commands)};
      const server = await startApiServer({ commands, onProgress: () => undefined, watched: null });
      console.log(JSON.stringify([server.directory, Object.values(server.running())]));
      setInterval(() => undefined, 1000);`;
    const owner = spawn(process.execPath, ["--input-type=module", "-e", code], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [said] = (await once(owner.stdout, "data")) as [Buffer];
    const [directory, pids] = JSON.parse(said.toString("utf8")) as [string, number[]];
    expect(pids.filter(runs)).toHaveLength(2);
    owner.kill("SIGKILL");
    await expectGone(pids, directory);
  });

  it("is not there where its commands cannot run, and leaves nothing", async () => {
    const commands = { etcd: testTool("ETCD"), kubeApiServer: "/bin/false" };
    await expect(startApiServer({ commands, onProgress: () => undefined, watched: null })).rejects.toThrow(
      /^kube-apiserver ended by itself\. The end of its log:/,
    );
  });
});

/** In a moment: who was ended is still listed until its parent has heard of it. */
async function expectGone(pids: readonly number[], directory: string): Promise<void> {
  const deadlineMs = performance.now() + GONE_BOUND_MS;
  while (performance.now() < deadlineMs && (pids.some(runs) || existsSync(directory))) await pause(100);
  expect([pids.filter(runs), existsSync(directory)]).toEqual([[], false]);
}

async function whoAmI(kubeconfig: string, ...args: readonly string[]): Promise<string> {
  const all = ["auth", "whoami", "--kubeconfig", kubeconfig, ...args];
  const { stdout, stderr } = await runCommand(testTool("KUBECTL"), all, { boundMs: 60_000 });
  return `${stdout.toString("utf8")}${stderr.toString("utf8")}`;
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // There is none, for this user may signal its own.
    return false;
  }
}
