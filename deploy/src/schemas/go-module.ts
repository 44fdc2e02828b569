import { runCommand, StackError } from "@lastknown/stack";
import type { ModuleFiles } from "./pins.js";

const DOWNLOAD_BOUND_MS = 10 * 60_000;

/** What is read here of the answer of `go mod download -json`. */
interface Downloaded {
  readonly Dir?: string;
  readonly Sum?: string;
  readonly Error?: string;
}

/**
 * Has Go fetch one module, without those that it builds on.
 * @param emptyFolder where to run, so that no go.mod has a say
 * @returns the folder of its files, which is Go's own and never changes
 * @throws StackError `download` where it cannot be had, or is another than the pinned one
 */
export async function goModule(goCommand: string, pin: ModuleFiles, emptyFolder: string): Promise<string> {
  const named = `${pin.module}@${pin.version}`;
  const { stdout, stderr } = await runCommand(goCommand, ["mod", "download", "-json", named], {
    boundMs: DOWNLOAD_BOUND_MS,
    cwd: emptyFolder,
    env: { ...process.env, GOWORK: "off" },
  });
  const answer = parse(stdout.toString("utf8"));
  if (answer.Dir === undefined) {
    const said = answer.Error ?? stderr.toString("utf8").trim();
    throw new StackError("download", `Go cannot fetch ${named}: ${said}`);
  }
  if (answer.Sum !== pin.sum) {
    throw new StackError("download", `${named} has the sum ${answer.Sum}, pinned is ${pin.sum}`);
  }
  return answer.Dir;
}

/** Nothing where Go failed before it had an answer. */
function parse(text: string): Downloaded {
  return text.trim() === "" ? {} : (JSON.parse(text) as Downloaded);
}
