/** A JSON schema, or a part of one; what is not named here goes through as it is. */
export interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly $ref?: string;
  readonly [keyword: string]: unknown;
}

/** Path `<group, or v1>/<kind>_<version>.json` → schema. Kinds are lower case, as kubeconform asks for them. */
export type SchemaFiles = ReadonlyMap<string, Schema>;

/** The part of Kubernetes' own description that is read here. */
export interface KubernetesDescription {
  readonly definitions: Readonly<Record<string, Schema>>;
}

/** The part of a CustomResourceDefinition that is read here. */
export interface KindDefinition {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

const DEFINITION = "#/definitions/";
const QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity";
/** Where text and whole numbers are both right: a port by its name or its number. */
const TEXT_OR_INTEGER: Schema = { oneOf: [{ type: "string" }, { type: "integer" }] };
const TEXT_OR_NUMBER: Schema = { oneOf: [{ type: "string" }, { type: "number" }] };

/** One schema per built-in kind, which needs no other file and takes no field that the kind does not have. */
export function schemasOfKubernetes({ definitions }: KubernetesDescription): SchemaFiles {
  const strictOnes = Object.fromEntries(
    Object.entries(definitions).map(([name, schema]) => [
      name,
      name === QUANTITY ? TEXT_OR_NUMBER : strict(schema),
    ]),
  );
  const files = new Map<string, Schema>();
  for (const [name, schema] of Object.entries(definitions)) {
    const kinds = (schema["x-kubernetes-group-version-kind"] ?? []) as readonly GroupVersionKind[];
    // What is there for every group at once, as DeleteOptions, is no kind that stands in a manifest.
    const [only, ...others] = kinds;
    if (only === undefined || others.length > 0) continue;
    const needed = reachable(name, strictOnes);
    files.set(pathOf(only), { $ref: `${DEFINITION}${name}`, definitions: needed });
  }
  return files;
}

/** The same for kinds that an operator adds. */
export function schemasOfDefinition({ spec }: KindDefinition): SchemaFiles {
  const served = spec.versions.filter((version) => version.served);
  return new Map(
    served.map(({ name, schema }) => [
      pathOf({ group: spec.group, version: name, kind: spec.names.kind }),
      strict(schema.openAPIV3Schema),
    ]),
  );
}

function pathOf({ group, version, kind }: GroupVersionKind): string {
  return `${group === "" ? version : group}/${kind.toLowerCase()}_${version}.json`;
}

/**
 * Without room for unknown fields. `allOf` and its like only add conditions to fields that are named elsewhere, so
 * they stay as they are.
 */
function strict(schema: Schema): Schema {
  if (schema["format"] === "int-or-string" || schema["x-kubernetes-int-or-string"] === true)
    return TEXT_OR_INTEGER;
  const { properties, additionalProperties, items } = schema;
  const closed =
    properties !== undefined &&
    additionalProperties === undefined &&
    schema["x-kubernetes-preserve-unknown-fields"] !== true;
  return {
    ...schema,
    ...(properties === undefined ? {} : { properties: mapValues(properties, strict) }),
    ...(typeof additionalProperties === "object"
      ? { additionalProperties: strict(additionalProperties) }
      : {}),
    ...(items === undefined ? {} : { items: strict(items) }),
    ...(closed ? { additionalProperties: false } : {}),
  };
}

/** A definition and all that it refers to. */
function reachable(name: string, all: Readonly<Record<string, Schema>>): Record<string, Schema> {
  const found: Record<string, Schema> = {};
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const schema = all[next];
    if (schema === undefined) throw new Error(`Kubernetes' description has no ${next}`);
    if (found[next] !== undefined) continue;
    found[next] = schema;
    open.push(...referredTo(schema));
  }
  return found;
}

function referredTo(schema: Schema): string[] {
  const { $ref, properties, additionalProperties, items } = schema;
  const inside = [
    ...Object.values(properties ?? {}),
    ...(typeof additionalProperties === "object" ? [additionalProperties] : []),
    ...(items === undefined ? [] : [items]),
  ];
  return [...($ref === undefined ? [] : [$ref.slice(DEFINITION.length)]), ...inside.flatMap(referredTo)];
}

function mapValues<T, R>(record: Readonly<Record<string, T>>, map: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
