import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../root.js";
import { execForm, readDockerfile, type Instruction, type Stage } from "./dockerfile.js";

const run = promisify(execFile);
const STEP_BOUND_MS = 300_000;
const WORK_FOLDER = "app";

/**
 * Does what the Dockerfile says, step by step, with folders for file systems, where there is no Docker: the same
 * commands on the same files. What a base image has is this machine's.
 */
export class HandBuiltImage {
  /** The file system of the image. */
  readonly root: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.root = join(folder, "image");
  }

  static async build(): Promise<HandBuiltImage> {
    const folder = await mkdtemp(join(tmpdir(), "lastknown-image-"));
    // Whoever runs it is somebody else.
    await chmod(folder, 0o755);
    const image = new HandBuiltImage(folder);
    try {
      for (const stage of readDockerfile()) await image.#buildStage(stage);
      return image;
    } catch (error) {
      await image.remove();
      throw error;
    }
  }

  /** A path of the image on this machine. */
  pathOf(inImage: string): string {
    return join(this.root, inImage);
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #buildStage({ from, name, instructions }: Stage): Promise<void> {
    const root = this.#rootOf(name);
    await mkdir(join(root, WORK_FOLDER), { recursive: true });
    // Of a foreign image nothing is needed but what this machine has, too.
    if ((await readdir(this.#folder)).includes(from)) await cp(this.#rootOf(from), root, COPY_OPTIONS);
    for (const instruction of instructions) await this.#make(instruction, root);
  }

  async #make(instruction: Instruction, root: string): Promise<void> {
    const workFolder = join(root, WORK_FOLDER);
    if (instruction.keyword === "COPY") await this.#copy(instruction.rest, workFolder);
    if (instruction.keyword === "RUN") {
      const [command = "", ...args] = execForm(instruction).map((arg) =>
        arg.startsWith("/") ? join(root, arg) : arg,
      );
      await run(command, args, { cwd: workFolder, timeout: STEP_BOUND_MS });
    }
  }

  async #copy(rest: string, workFolder: string): Promise<void> {
    const words = rest.split(" ");
    const target = join(workFolder, words.pop() ?? "");
    const first = words[0] ?? "";
    if (first.startsWith("--from=")) {
      const source = this.#rootOf(first.slice("--from=".length));
      for (const word of words.slice(1)) await copyInto(join(source, word), target);
      return;
    }
    for (const path of await filesOfContext(words)) {
      const into = words.includes(path) ? join(target, path.split("/").at(-1) ?? "") : join(target, path);
      await mkdir(dirname(into), { recursive: true });
      await cp(join(ROOT, path), into);
    }
  }

  #rootOf(stage: string): string {
    return stage === "" ? this.root : join(this.#folder, stage);
  }
}

const COPY_OPTIONS = { recursive: true, verbatimSymlinks: true } as const;

/** A folder's content, or a file, as COPY takes them to a target that ends with a slash. */
async function copyInto(source: string, target: string): Promise<void> {
  const isFolder = await readdir(source).then(
    () => true,
    () => false,
  );
  await cp(source, isFolder ? target : join(target, source.split("/").at(-1) ?? ""), COPY_OPTIONS);
}

/** What git knows of the repository below these paths, without what .dockerignore leaves out. */
async function filesOfContext(paths: readonly string[]): Promise<string[]> {
  const listed = await run("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: ROOT });
  const ignored = (await readFile(join(ROOT, ".dockerignore"), "utf8"))
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith("**/"));
  const isBelow = (file: string, path: string): boolean =>
    path === "." || file === path || file.startsWith(`${path}/`);
  return listed.stdout
    .split("\n")
    .filter((file) => file !== "" && paths.some((path) => isBelow(file, path)))
    .filter((file) => !ignored.some((path) => isBelow(file, path)));
}
