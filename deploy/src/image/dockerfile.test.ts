import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "@jest/globals";
import { loadSettings } from "@lastknown/shared/settings";
import { ROOT } from "../root.js";
import { execForm, imageEnvironment, imageStage, instructionIn, readDockerfile } from "./dockerfile.js";

const stages = readDockerfile();
const image = imageStage();

describe("the Dockerfile", () => {
  it("begins with one pinned image alone", () => {
    const names = new Set(stages.map(({ name }) => name));
    const foreign = new Set(stages.map(({ from }) => from).filter((from) => !names.has(from)));
    expect([...foreign]).toEqual([expect.stringMatching(/^node:24\.\d+\.\d+-[a-z]+-slim$/)]);
  });

  it("copies what there is, from the repository or from a stage before", () => {
    const before = new Set<string>();
    for (const { name, instructions } of stages) {
      for (const { rest } of instructions.filter(({ keyword }) => keyword === "COPY")) {
        const words = rest.split(" ");
        const from =
          words[0]?.startsWith("--from=") === true ? words.shift()?.slice("--from=".length) : undefined;
        if (from !== undefined) expect([...before]).toContain(from);
        else
          for (const source of words.slice(0, -1))
            expect([source, existsSync(join(ROOT, source))]).toEqual([source, true]);
      }
      before.add(name);
    }
  });

  it("installs the packages of every workspace", () => {
    const { workspaces } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
      workspaces: string[];
    };
    const copied = stages[0]?.instructions.map(({ rest }) => rest) ?? [];
    for (const workspace of workspaces) expect(copied).toContain(`${workspace}/package.json ${workspace}/`);
  });

  it("has no step that needs a shell", () => {
    for (const { instructions } of stages)
      for (const instruction of instructions)
        if (["RUN", "ENTRYPOINT", "CMD"].includes(instruction.keyword))
          expect(execForm(instruction)).not.toEqual([]);
  });

  it("runs as a user without rights, named by a number, so that a cluster can see it", () => {
    expect(instructionIn(image, "USER")?.rest).toBe("1000:1000");
  });

  it("opens the ports at which the services listen", () => {
    const { query, operations } = loadSettings({ environment: imageEnvironment() });
    expect(instructionIn(image, "EXPOSE")?.rest.split(" ").map(Number)).toEqual([
      query.port,
      operations.port,
    ]);
  });
});
