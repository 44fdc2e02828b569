import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../root.js";

/** One line of a Dockerfile, as `COPY` and what stands behind it. */
export interface Instruction {
  readonly keyword: string;
  readonly rest: string;
}

export interface Stage {
  /** An image of somebody else's, or a stage before. */
  readonly from: string;
  /** Empty for the last, which is the image. */
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of the repository's Dockerfile, in their order. */
export function readDockerfile(): Stage[] {
  const text = readFileSync(join(ROOT, "Dockerfile"), "utf8");
  const lines = text
    .split("\n")
    .filter((line) => !line.startsWith("#"))
    .join("\n")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const stages: (Stage & { instructions: Instruction[] })[] = [];
  for (const line of lines) {
    const [keyword, rest] = splitOnce(line);
    if (keyword === "FROM") {
      const [from = "", name = ""] = rest.split(" AS ");
      stages.push({ from, name, instructions: [] });
    } else {
      const stage = stages.at(-1);
      if (stage === undefined) throw new Error(`no FROM before: ${line}`);
      stage.instructions.push({ keyword, rest });
    }
  }
  return stages;
}

/** The last of a keyword, where there is one. */
export function instructionIn(stage: Stage, keyword: string): Instruction | undefined {
  return stage.instructions.findLast((instruction) => instruction.keyword === keyword);
}

/** An instruction's exec form: `["npm", "ci"]`. Throws for the shell's form, which has no shell to rely on. */
export function execForm({ keyword, rest }: Instruction): string[] {
  if (!rest.startsWith("[")) throw new Error(`not in exec form: ${keyword} ${rest}`);
  return JSON.parse(rest) as string[];
}

/** The image: the last stage. */
export function imageStage(): Stage {
  const image = readDockerfile().at(-1);
  if (image === undefined) throw new Error("the Dockerfile has no stage");
  return image;
}

/** The variables that the image sets. */
export function imageEnvironment(): Record<string, string> {
  const settings = imageStage().instructions.filter(({ keyword }) => keyword === "ENV");
  const pairs = settings.flatMap(({ rest }) => rest.split(/\s+/));
  return Object.fromEntries(pairs.map((pair) => splitOnce(pair, "=")));
}

function splitOnce(text: string, separator = " "): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}
