import { describe, expect, it } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const oracle = fileURLToPath(new URL(".", import.meta.url));
const IMPORT = /(?:\bfrom |\bimport |\bimport\()"([^"]+)"/g;

/** What a file of the oracle may import: Node itself, and the oracle. */
function isAllowed(specifier: string, file: string): boolean {
  if (specifier.startsWith("node:")) return true;
  if (specifier.startsWith(".")) return !relative(oracle, resolve(dirname(file), specifier)).startsWith("..");
  if (specifier === "@lastknown/stack") return relative(oracle, file).startsWith("servers/");
  return specifier === "@jest/globals" && file.endsWith(".test.ts");
}

describe("the oracle", () => {
  it("shares no code with what it judges", () => {
    const files = readdirSync(oracle, { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(oracle, name));
    expect(files.length).toBeGreaterThan(30);
    const foreign = files.flatMap((file) => {
      const imported = [...readFileSync(file, "utf8").matchAll(IMPORT)].map((match) => match[1] ?? "");
      return imported
        .filter((specifier) => !isAllowed(specifier, file))
        .map((specifier) => [file, specifier]);
    });
    expect(foreign).toEqual([]);
  });

  it("would be seen to share some", () => {
    const file = join(oracle, "meaning/order.ts");
    expect(isAllowed("@lastknown/shared", file)).toBe(false);
    expect(isAllowed("../../../../shared/src/index.js", file)).toBe(false);
    expect(isAllowed("@lastknown/stack", file)).toBe(false);
    expect(isAllowed("kafkajs", join(oracle, "servers/read-topic.ts"))).toBe(false);
  });
});
