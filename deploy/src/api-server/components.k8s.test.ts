import { readdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { ofKind, parseObjects } from "../k8s/kubernetes-object.js";
import { ROOT } from "../root.js";
import { kubeconformComplaints, kubectlQuietly, kustomizeBuild, manifestOf } from "./test-kubectl.js";
import { makeRestrictedNamespace, removeNamespace } from "./test-namespaces.js";
import { podsOf } from "./test-pods.js";

jest.setTimeout(5 * 60_000);

const COMPONENTS = join(ROOT, "k8s/components");
const NAMESPACE = "components";

/** Whoever deploys it puts overlay and components together in a kustomization of his own. */
describe("the overlay dev in another namespace, with the component", () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lastknown-components-"));
    await makeRestrictedNamespace(NAMESPACE);
  });
  afterAll(async () => {
    await rm(folder, { recursive: true, force: true });
    await removeNamespace(NAMESPACE);
  });

  it.each(readdirSync(COMPONENTS))("%s is taken, and its Pods are let in", async (component) => {
    const kustomization = {
      namespace: NAMESPACE,
      resources: [relative(folder, join(ROOT, "k8s/overlays/dev"))],
      components: [relative(folder, join(COMPONENTS, component))],
    };
    await writeFile(join(folder, "kustomization.yaml"), JSON.stringify(kustomization));
    const manifest = await kustomizeBuild(folder);
    expect(await kubeconformComplaints(manifest)).toBe("");

    const objects = parseObjects(manifest).filter(({ kind }) => kind !== "Namespace");
    expect(objects.length).toBeGreaterThan(0);
    await kubectlQuietly(["apply", "--server-side", "--dry-run=server", "-f", "-"], manifestOf(...objects));
    // A Pod's service account has to be there.
    await kubectlQuietly(
      ["apply", "--server-side", "-f", "-"],
      manifestOf(...ofKind(objects, "ServiceAccount")),
    );
    await kubectlQuietly(["create", "--dry-run=server", "-f", "-"], manifestOf(...podsOf(objects)));
  });
});
