import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "@jest/globals";

const root = fileURLToPath(new URL("../..", import.meta.url));
const run = promisify(execFile);

const forms: [form: string, text: string][] = [
  ["a static import", `import { a } from "@lastknown/consumer"; a();`],
  ["an import for its effect", `import "@lastknown/consumer";`],
  ["a type import", `import type { A } from "@lastknown/consumer"; export const a: A = 1;`],
  ["an export of names from", `export { a } from "@lastknown/consumer";`],
  ["an export of all from", `export * from "@lastknown/consumer";`],
  ["a dynamic import", `await import("@lastknown/consumer");`],
  ["a dynamic import of a template", "await import(`@lastknown/consumer`);"],
  ["a require", `require("@lastknown/consumer");`],
  ["an import type", `export let a: import("@lastknown/consumer").A;`],
  ["an import type with typeof", `export let a: typeof import("@lastknown/consumer");`],
  ["an import equals", `import a = require("@lastknown/consumer"); a();`],
  ["a file inside a package", `import { a } from "@lastknown/shared/dist/a.js"; a();`],
  ["a path into a neighbour", `import { a } from "../../../consumer/src/a.js"; a();`],
];

const forbidden: [folder: string, specifier: string][] = [
  ["shared/src", "@lastknown/producer"],
  ["stack/src", "@lastknown/shared"],
  ["query/src", "@lastknown/consumer"],
  ["e2e/src", "@lastknown/cli"],
  ["e2e/src/oracle", "@lastknown/shared"],
  ["e2e/src/oracle", "@lastknown/stack"],
  ["e2e/src/oracle", "../../run.js"],
  ["e2e/src/oracle", "csv-parse"],
  ["consumer/src", "kafkajs"],
  ["consumer/src/kafka", "ioredis"],
  ["query/src/view", "lmdb"],
  ["producer/src/kafka", "@kafkajs/confluent-schema-registry"],
  ["shared/src/domain", "node:fs"],
  ["shared/src/domain", "avsc"],
  ["shared/src/domain", "../../kafka/a.js"],
  ["bench", "../../stack/src/a.js"],
  ["cli/src", "../../../scripts/b.mjs"],
];

const allowed: [folder: string, specifier: string][] = [
  ["producer/src", "@lastknown/shared"],
  ["cli/src", "@lastknown/consumer"],
  ["e2e/src", "@lastknown/stack"],
  ["e2e/src/oracle/servers", "@lastknown/stack"],
  ["e2e/src/oracle/event", "../../file/b.js"],
  ["consumer/src/kafka", "kafkajs"],
  ["query/src/view/lmdb", "lmdb"],
  ["shared/src/domain", "node:crypto"],
  ["shared/src/domain", "./b.js"],
  ["bench", "../../scripts/b.mjs"],
];

const environmentReads = [
  "export const a = process.env;",
  `export const a = process["env"]["A"];`,
  `import { env } from "node:process"; export const a = env;`,
];
const environmentReaders = ["shared/src/settings", "stack/src", "scripts", "e2e/src"];

/** File → what the lint says of it. All files are linted in one run: starting oxlint is what takes time. */
const messages = new Map<string, string[]>();
let folder: string;

/** A file of its own for each case, one folder below the one that the rule is about. */
function fileFor(place: string, group: string, index: number): string {
  return `${place}/${group}/case-${index}.ts`;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lastknown-lint-"));
  await put(".oxlintrc.json", JSON.stringify(configuration()));
  await putAll(
    "form",
    forms.map(([, text]) => ["producer/src", text]),
  );
  await putAll("forbidden", forbidden.map(importing));
  await putAll("allowed", allowed.map(importing));
  await putAll(
    "environment",
    environmentReads.map((text) => ["consumer/src", text]),
  );
  await putAll(
    "reader",
    environmentReaders.map((place) => [place, "export const a = process.env;"]),
  );
  await put("shared/src/domain/a.test.ts", `import { a } from "fast-check"; a(process.env);`);
  await lint();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("the import directions", () => {
  it.each(forms.map(([form], index) => ({ form, index })))("see $form", ({ index }) => {
    expect(messages.get(fileFor("producer/src", "form", index))).toHaveLength(1);
  });

  it.each(forbidden.map(([place, specifier], index) => ({ place, specifier, index })))(
    "forbid $place to import $specifier",
    ({ place, index }) => {
      expect(messages.get(fileFor(place, "forbidden", index))).toHaveLength(1);
    },
  );

  it.each(allowed.map(([place, specifier], index) => ({ place, specifier, index })))(
    "let $place import $specifier",
    ({ place, index }) => {
      expect(messages.get(fileFor(place, "allowed", index))).toBeUndefined();
    },
  );
});

describe("the environment", () => {
  it.each(environmentReads.map((text, index) => ({ text, index })))(
    "is not read elsewhere: $text",
    ({ index }) => {
      expect(messages.get(fileFor("consumer/src", "environment", index))).toHaveLength(1);
    },
  );

  it.each(environmentReaders.map((place, index) => ({ place, index })))(
    "may be read in $place",
    ({ place, index }) => {
      expect(messages.get(fileFor(place, "reader", index))).toBeUndefined();
    },
  );
});

it("leaves tests free to import and to read", () => {
  expect(messages.get("shared/src/domain/a.test.ts")).toBeUndefined();
});

function configuration(): object {
  return {
    jsPlugins: [join(root, "scripts/lint/import-directions.mjs")],
    categories: { correctness: "off" },
    rules: { "lastknown/import-directions": "error", "lastknown/environment-in-one-place": "error" },
  };
}

function importing([place, specifier]: [string, string]): [string, string] {
  return [place, `import { a } from "${specifier}"; a();`];
}

async function putAll(group: string, cases: readonly [place: string, text: string][]): Promise<void> {
  for (const [index, [place, text]] of cases.entries()) await put(fileFor(place, group, index), text);
}

async function put(file: string, text: string): Promise<void> {
  await mkdir(dirname(join(folder, file)), { recursive: true });
  await writeFile(join(folder, file), text);
}

/** The lint ends with code 1 as it finds errors, which is what it is here for. */
async function lint(): Promise<void> {
  const oxlint = join(root, "node_modules/oxlint/bin/oxlint");
  const answer = await run(process.execPath, [oxlint, "--format", "json", "."], { cwd: folder }).catch(
    (error: unknown) => error as { stdout: string },
  );
  const found = JSON.parse(answer.stdout) as { diagnostics: { message: string; filename: string }[] };
  for (const { filename, message } of found.diagnostics) {
    messages.set(filename, [...(messages.get(filename) ?? []), message]);
  }
}
