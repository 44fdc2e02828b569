// The lint rules of this house, for oxlint's jsPlugins: who may import whom, and who may read the environment.
// Neither tsc nor npm stops an import in a forbidden direction once the other package has been built.

import { relative, sep } from "node:path";
import { complaintAbout, mayReadEnvironment } from "./import-rules.mjs";

const importDirections = {
  create(context) {
    const file = pathFromRoot(context);
    const check = (source) => {
      const specifier = textOf(source);
      const message = specifier === undefined ? undefined : complaintAbout(file, specifier);
      if (message !== undefined) context.report({ message, node: source });
    };
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: (node) => check(node.source ?? node.argument),
      TSExternalModuleReference: (node) => check(node.expression),
      CallExpression: (node) => {
        if (isRequire(node.callee)) check(node.arguments[0]);
      },
    };
  },
};

const environmentInOnePlace = {
  create(context) {
    if (mayReadEnvironment(pathFromRoot(context))) return {};
    const message = "the environment is read in shared/src/settings only: take a setting";
    return {
      MemberExpression: (node) => {
        const name = node.computed ? textOf(node.property) : node.property.name;
        if (node.object.name === "process" && name === "env") context.report({ message, node });
      },
      ImportDeclaration: (node) => {
        const fromProcess = ["node:process", "process"].includes(node.source.value);
        const takesEnv = node.specifiers.some((specifier) => specifier.imported?.name === "env");
        if (fromProcess && takesEnv) context.report({ message, node });
      },
    };
  },
};

export default {
  meta: { name: "lastknown" },
  rules: {
    "import-directions": importDirections,
    "environment-in-one-place": environmentInOnePlace,
  },
};

function pathFromRoot(context) {
  return relative(context.cwd, context.filename).split(sep).join("/");
}

/** `require("x")`, `require.resolve("x")`, `import.meta.resolve("x")`. */
function isRequire(callee) {
  if (callee.type === "Identifier") return callee.name === "require";
  if (callee.type !== "MemberExpression" || callee.property.name !== "resolve") return false;
  return callee.object.name === "require" || callee.object.type === "MetaProperty";
}

/** The text of a literal, also inside a literal type or a template without holes. */
function textOf(node) {
  if (node === null || node === undefined) return undefined;
  if (node.type === "TSLiteralType") return textOf(node.literal);
  if (node.type === "TemplateLiteral" && node.expressions.length === 0) return node.quasis[0].value.cooked;
  return typeof node.value === "string" ? node.value : undefined;
}
