import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";
import { parseAllDocuments } from "yaml";
import { ROOT } from "../root.js";
import { builder, cannotBuild, objectsOf, OVERLAYS } from "./built.js";
import { buildText } from "./kustomize.js";
import { parseObjects, type KubernetesObject } from "./kubernetes-object.js";
import { policies } from "./policies/index.js";
import { INSTALL, leftOverFiles, renderedFiles, renderedInstall } from "./rendered-files.js";
import { schemaComplaints } from "./schema-check.js";
import { unknownFields } from "./unknown-fields.js";

const describeBuilt = cannotBuild === "" ? describe : describe.skip;
const itBuilt = cannotBuild === "" ? it : it.skip;
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** Each of these is a kustomization of its own; the components are built below, on top of the base. */
const KUSTOMIZATIONS = [...OVERLAYS, "k8s/base", "k8s/strimzi"];
const COMPONENTS = readdirSync(join(ROOT, "k8s/components"));

describeBuilt(`kustomize${cannotBuild}`, () => {
  it.each(KUSTOMIZATIONS)("builds %s, no object twice", (folder) => {
    const names = objectsOf(folder).map(
      ({ kind, metadata }) => `${kind} ${metadata.namespace}/${metadata.name}`,
    );
    expect(names.length).toBeGreaterThan(0);
    expect(new Set(names).size).toBe(names.length);
  });

  describe("builds each component alone on the base", () => {
    // Kustomize takes relative paths alone.
    let folder: string;
    beforeAll(() => {
      mkdirSync(join(ROOT, ".lastknown"), { recursive: true });
      folder = mkdtempSync(join(ROOT, ".lastknown/k8s-"));
    });
    afterAll(() => rmSync(folder, { recursive: true }));

    it.each(COMPONENTS)("%s", async (component) => {
      const kustomization = {
        apiVersion: "kustomize.config.k8s.io/v1beta1",
        kind: "Kustomization",
        resources: [relative(folder, join(ROOT, "k8s/base"))],
        components: [relative(folder, join(ROOT, "k8s/components", component))],
      };
      writeFileSync(join(folder, "kustomization.yaml"), JSON.stringify(kustomization));
      const objects = parseObjects(buildText(builder(), relative(ROOT, folder)));
      expect(JSON.stringify(objects)).not.toBe(JSON.stringify(objectsOf("k8s/base")));
      expect(await schemaComplaints(objects)).toEqual([]);
      expect(await unknownFields(objects)).toEqual([]);
    });
  });

  it.each(OVERLAYS)("has of %s only what the schemas take", async (overlay) => {
    expect(await schemaComplaints(objectsOf(overlay))).toEqual([]);
  });

  it.each(OVERLAYS)("has of %s no field that nobody knows", async (overlay) => {
    expect(await unknownFields(objectsOf(overlay))).toEqual([]);
  });

  describe.each(OVERLAYS)("%s", (overlay) => {
    it.each(Object.entries(policies))("keeps to %s", (_name, policy) => {
      expect(policy(objectsOf(overlay))).toEqual([]);
    });
  });
});

describe("files that are made of others", () => {
  it.each([...renderedFiles()])("%s is what `npm run k8s:render` makes", (path, text) => {
    expect(existsSync(join(ROOT, path)) ? read(path) : "no such file").toBe(text);
  });

  it("are none that were made of what is gone", () => {
    expect(leftOverFiles(renderedFiles())).toEqual([]);
  });

  itBuilt(`${INSTALL} is the overlay dev${cannotBuild}`, () => {
    // As objects: versions of kustomize order and quote in their own ways.
    const rendered = parseObjects(renderedInstall(builder()));
    expect(sorted(parseObjects(read(INSTALL)))).toEqual(sorted(rendered));
  });

  it(`${INSTALL} keeps to every policy`, () => {
    const objects = parseObjects(read(INSTALL));
    for (const [name, policy] of Object.entries(policies))
      expect([name, policy(objects)]).toEqual([name, []]);
  });
});

describe("k8s/", () => {
  const files = readdirSync(join(ROOT, "k8s"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(join(ROOT, "k8s"), join(entry.parentPath, entry.name)));

  it("has no YAML with a key that stands twice", () => {
    const errors = files
      .filter((file) => file.endsWith(".yaml"))
      .flatMap((file) => {
        const documents = parseAllDocuments(read(`k8s/${file}`));
        return Array.isArray(documents)
          ? documents.flatMap((one) => one.errors.map(({ message }) => `${file}: ${message}`))
          : [];
      });
    expect(errors).toEqual([]);
  });

  it("has no file that no kustomization names", () => {
    const kustomizations = files.filter((file) => file.endsWith("kustomization.yaml"));
    const named = kustomizations.flatMap((file) => {
      const folder = file.slice(0, -"kustomization.yaml".length);
      const texts = JSON.stringify(parseAllDocuments(read(`k8s/${file}`))[0]?.toJS());
      return files.filter(
        (other) => other.startsWith(folder) && texts.includes(`"${other.slice(folder.length)}"`),
      );
    });
    const left = files.filter((file) => !named.includes(file) && !kustomizations.includes(file));
    expect(left).toEqual([relative("k8s", INSTALL)]);
  });
});

function sorted(objects: readonly KubernetesObject[]): KubernetesObject[] {
  const key = ({ kind, metadata }: KubernetesObject): string =>
    `${kind} ${metadata.namespace} ${metadata.name}`;
  return objects.toSorted((a, b) => key(a).localeCompare(key(b)));
}
