import { join } from "node:path";
import { beforeAll, describe, expect, it, jest } from "@jest/globals";
import { runCommand } from "@lastknown/stack";
import { ensureGoTool } from "../go-tools/ensure-go-tool.js";
import { findGo } from "../go-tools/find-go.js";
import { goTools } from "../go-tools/go-tools.js";
import { ROOT } from "../root.js";
import { ensureSchemas } from "./ensure-schemas.js";
import { complaintsAbout, type Kubeconform } from "./kubeconform.js";

// The first run builds kustomize and kubeconform, and fetches the schemas.
jest.setTimeout(20 * 60_000);

const go = await findGo();
const whereGoIs = go === undefined ? describe.skip : describe;
const reason = go === undefined ? " (not done: there is no Go 1.24 or later on the PATH)" : "";

whereGoIs(`what kustomize builds${reason}`, () => {
  const onProgress = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  let kubeconform: Kubeconform;
  let kustomize: string;

  beforeAll(async () => {
    kustomize = await ensureGoTool(goTools.kustomize, { onProgress });
    const command = await ensureGoTool(goTools.kubeconform, { onProgress });
    const { schemaLocation } = await ensureSchemas(onProgress);
    kubeconform = { command, schemaLocation };
  });

  it.each(["dev", "staging", "prod"])(
    "of the overlay %s fits the schemas of all its kinds",
    async (overlay) => {
      const folder = join(ROOT, "k8s/overlays", overlay);
      const { exitCode, stdout, stderr } = await runCommand(kustomize, ["build", folder], {
        boundMs: 60_000,
      });
      expect([exitCode, stderr.toString("utf8")]).toEqual([0, ""]);
      expect(await complaintsAbout(stdout.toString("utf8"), kubeconform)).toBe("");
      // Not because everything does.
      const broken = stdout.toString("utf8").replaceAll("containerPort:", "containerPrt:");
      expect(await complaintsAbout(broken, kubeconform)).toContain("containerPrt");
    },
  );
});
