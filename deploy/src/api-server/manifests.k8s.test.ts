import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, jest } from "@jest/globals";
import { type KubernetesObject, ofKind, parseObjects } from "../k8s/kubernetes-object.js";
import { ROOT } from "../root.js";
import {
  kubeconformComplaints,
  kubectl,
  kubectlQuietly,
  kustomizeBuild,
  manifestOf,
} from "./test-kubectl.js";
import { makeRestrictedNamespace, makeServiceAccount, removeNamespace } from "./test-namespaces.js";
import { podsOf } from "./test-pods.js";

jest.setTimeout(5 * 60_000);

/** More than any overlay asks for. */
const SCALED_TO = 4;

const overlays = ["dev", "staging", "prod"].map((name) => {
  const folder = join(ROOT, "k8s/overlays", name);
  return { name, from: ["-k", folder], read: () => kustomizeBuild(folder), folder };
});
const installFile = join(ROOT, "k8s/install.yaml");
const install = {
  name: "install.yaml",
  from: ["-f", installFile],
  read: () => readFile(installFile, "utf8"),
};

describe.each([...overlays, install])("$name on an API server", ({ from, read }) => {
  let manifest: string;
  let objects: KubernetesObject[];
  /** The namespaces that it brings. */
  let own: KubernetesObject[];
  /** Those, and the ones that it expects to be there. */
  let namespaces: readonly string[] = [];

  beforeAll(async () => {
    manifest = await read();
    objects = parseObjects(manifest);
    own = ofKind(objects, "Namespace");
    namespaces = [...new Set(objects.flatMap(({ metadata: { namespace } }) => namespace ?? []))];
    for (const name of namespaces)
      if (!own.some(({ metadata }) => metadata.name === name)) await makeRestrictedNamespace(name);
  });
  afterAll(async () => {
    await kubectl(["delete", ...from, "--ignore-not-found", "--wait=false"]);
    for (const name of namespaces) await removeNamespace(name);
  });

  it("has its product and servers in namespaces that enforce and warn of what is not restricted", async () => {
    expect(own).not.toEqual([]);
    for (const { metadata } of own) {
      expect(metadata.labels).toMatchObject({
        "pod-security.kubernetes.io/enforce": "restricted",
        "pod-security.kubernetes.io/warn": "restricted",
      });
    }
  });

  it("fits the schemas of all its kinds, with no field that they do not have", async () => {
    expect(await kubeconformComplaints(manifest)).toBe("");
  });

  it("would be taken by server-side apply, without a warning", async () => {
    // A dry run makes no namespace that the next object of it could be in.
    await kubectlQuietly(["apply", "--server-side", "-f", "-"], manifestOf(...own));
    const done = await kubectlQuietly(["apply", ...from, "--server-side", "--dry-run=server"]);
    expect(lines(done)).toHaveLength(objects.length);
    for (const { metadata } of own) await removeNamespace(metadata.name);
  });

  it("is taken, without a warning", async () => {
    const done = lines(await kubectlQuietly(["apply", ...from]));
    expect(done).toHaveLength(objects.length);
    expect(done.filter((line) => !line.endsWith(" created"))).toEqual([]);
  });

  it("changes nothing when it is applied again, and is no different from what is there", async () => {
    const output = [
      "--output",
      "jsonpath={range .items[*]}{.metadata.uid} {.metadata.resourceVersion}{'\\n'}{end}",
    ];
    const versions = (): Promise<string> => kubectlQuietly(["get", "-f", "-", ...output], manifest);
    const before = await versions();
    expect(lines(before)).toHaveLength(objects.length);
    // kubectl says "configured" where it has sent something, though nothing came of it: of a budget, always.
    await kubectlQuietly(["apply", ...from]);
    expect(await versions()).toBe(before);
    expect(await kubectlQuietly(["diff", ...from])).toBe("");
  });

  it("makes Pods that are let in where restricted is enforced", async () => {
    for (const { metadata } of own) await makeServiceAccount(metadata.name);
    const pods = podsOf(objects);
    expect(pods.length).toBeGreaterThan(0);
    const done = await kubectlQuietly(["create", "-f", "-"], manifestOf(...pods));
    expect(lines(done)).toEqual(pods.map(({ metadata: { name } }) => `pod/${name} created`));
    await kubectlQuietly(["delete", "-f", "-", "--now"], manifestOf(...pods));
  });

  it("lets its workers be scaled, and leaves their number to an autoscaler that it has", async () => {
    const consumer = objects.find(
      ({ kind, metadata }) => kind === "Deployment" && metadata.name === "consumer",
    );
    const namespace = consumer?.metadata.namespace ?? "";
    const inNamespace = ["--namespace", namespace];
    const replicas = async (): Promise<number> => {
      const output = ["--output", "jsonpath={.spec.replicas}"];
      return Number(await kubectlQuietly(["get", "deployment", "consumer", ...output, ...inNamespace]));
    };
    await kubectlQuietly(["scale", "deployment", "consumer", `--replicas=${SCALED_TO}`, ...inNamespace]);
    expect(await replicas()).toBe(SCALED_TO);

    await kubectlQuietly(["apply", ...from]);
    const isScaled = objects.some(({ kind }) => ["HorizontalPodAutoscaler", "ScaledObject"].includes(kind));
    const written = consumer?.spec?.["replicas"];
    expect(written === undefined).toBe(isScaled);
    expect(await replicas()).toBe(isScaled ? SCALED_TO : written);
  });

  it("is removed by delete, as a whole", async () => {
    await kubectlQuietly(["delete", ...from, "--wait=false"]);
    const left = await kubectlQuietly(["get", "-f", "-", "--ignore-not-found", "--output", "name"], manifest);
    // They would be gone as well if there were somebody to let go of them.
    expect(lines(left).sort()).toEqual(own.map(({ metadata }) => `namespace/${metadata.name}`).sort());
    const phase = ["--output", "jsonpath={.status.phase}"];
    for (const { metadata } of own)
      expect(await kubectlQuietly(["get", "namespace", metadata.name, ...phase])).toBe("Terminating");
  });
});

describe.each(overlays)("the overlay $name", ({ folder, read }) => {
  it("is built alike by kustomize and by kubectl", async () => {
    expect(parseObjects(await kubectlQuietly(["kustomize", folder]))).toEqual(parseObjects(await read()));
  });
});

function lines(output: string): string[] {
  return output.split("\n").filter((line) => line !== "");
}
