import { describe, expect, it } from "@jest/globals";
import { type Schema, schemasOfDefinition, schemasOfKubernetes } from "./json-schemas.js";

const QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity";
const kind = (group: string, version: string, name: string): Schema => ({
  "x-kubernetes-group-version-kind": [{ group, version, kind: name }],
});

describe("the schemas of Kubernetes' own kinds", () => {
  const files = schemasOfKubernetes({
    definitions: {
      "core.Service": {
        ...kind("", "v1", "Service"),
        properties: { spec: { $ref: "#/definitions/core.Spec" } },
      },
      "core.Spec": {
        properties: {
          ports: { type: "array", items: { $ref: "#/definitions/core.Port" } },
          labels: { type: "object", additionalProperties: { type: "string" } },
        },
      },
      "core.Port": { properties: { port: { type: "string", format: "int-or-string" } } },
      [QUANTITY]: { type: "string" },
      "apps.Claim": {
        ...kind("apps", "v1", "Claim"),
        properties: { size: { $ref: `#/definitions/${QUANTITY}` } },
      },
      "meta.DeleteOptions": {
        "x-kubernetes-group-version-kind": [
          { group: "", version: "v1", kind: "DeleteOptions" },
          { group: "apps", version: "v1", kind: "DeleteOptions" },
        ],
      },
    },
  });

  it("lie where kubeconform looks for a kind, and are those of kinds alone", () => {
    expect([...files.keys()]).toEqual(["v1/service_v1.json", "apps/claim_v1.json"]);
  });

  it("have with them what they refer to, and no more", () => {
    expect(Object.keys(definitionsIn("v1/service_v1.json"))).toEqual([
      "core.Service",
      "core.Spec",
      "core.Port",
    ]);
  });

  it("take no field that is not named, but any key of a map", () => {
    expect(definitionsIn("v1/service_v1.json")["core.Spec"]).toEqual({
      properties: {
        ports: { type: "array", items: { $ref: "#/definitions/core.Port" } },
        labels: { type: "object", additionalProperties: { type: "string" } },
      },
      additionalProperties: false,
    });
  });

  it("take a port by its name or its number, and a quantity as text or number", () => {
    expect(definitionsIn("v1/service_v1.json")["core.Port"]?.properties).toEqual({
      port: { oneOf: [{ type: "string" }, { type: "integer" }] },
    });
    expect(definitionsIn("apps/claim_v1.json")[QUANTITY]).toEqual({
      oneOf: [{ type: "string" }, { type: "number" }],
    });
  });

  function definitionsIn(path: string): Readonly<Record<string, Schema>> {
    return files.get(path)?.["definitions"] as Readonly<Record<string, Schema>>;
  }
});

describe("the schemas of an operator's kind", () => {
  it("are one for each version that is served, open only where the operator says so", () => {
    const openAPIV3Schema: Schema = {
      type: "object",
      properties: {
        config: { type: "object", "x-kubernetes-preserve-unknown-fields": true, properties: { a: {} } },
        spec: { type: "object", properties: { replicas: { "x-kubernetes-int-or-string": true } } },
      },
    };
    const files = schemasOfDefinition({
      spec: {
        group: "example.com",
        names: { kind: "Topic" },
        versions: [
          { name: "v1", served: true, schema: { openAPIV3Schema } },
          { name: "v1alpha1", served: false, schema: { openAPIV3Schema } },
        ],
      },
    });
    expect([...files.keys()]).toEqual(["example.com/topic_v1.json"]);
    expect(files.get("example.com/topic_v1.json")).toEqual({
      type: "object",
      properties: {
        config: { type: "object", "x-kubernetes-preserve-unknown-fields": true, properties: { a: {} } },
        spec: {
          type: "object",
          properties: { replicas: { oneOf: [{ type: "string" }, { type: "integer" }] } },
          additionalProperties: false,
        },
      },
      additionalProperties: false,
    });
  });
});
