import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** One exact piece of text of one built file, and what takes its place: a fault that a person might write. */
export interface BuildChange {
  /** From the repository's root. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly from: string;
  readonly to: string;
}

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PACKAGES = ["shared", "producer", "consumer", "query", "stack", "e2e", "cli"];
const SCOPE = "@lastknown";
/** What the product reads as it is in the repository. */
const NOT_BUILT = ["cli/bin", "query/page"];
/** Of no use to a running process, and more than half of the bytes. */
const LEFT_OUT = /(\.map|\.d\.ts|\.test\.js|\.tsbuildinfo)$/;

/**
 * The built product in a folder of its own, so that a test can run it with a fault that its source does not have.
 * What it depends on is linked, not copied.
 */
export class ProductCopy {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Copies what is built, under a root other than this repository only for a test of this class. */
  static async make(root = ROOT): Promise<ProductCopy> {
    const copy = new ProductCopy(await mkdtemp(join(tmpdir(), "lastknown-copy-")));
    await copy.#linkModules(root);
    for (const name of PACKAGES) await copy.#copyPackage(root, name);
    for (const folder of NOT_BUILT)
      await cp(join(root, folder), join(copy.folder, folder), { recursive: true });
    return copy;
  }

  /** The command of this copy. */
  get bin(): string {
    return join(this.folder, "cli/bin/lastknown.js");
  }

  /** @throws Error where the text does not stand in the file exactly once: then the control controls nothing */
  async change({ file, from, to }: BuildChange): Promise<void> {
    const path = join(this.folder, file);
    const text = await readFile(path, "utf8");
    const [before, after, ...more] = text.split(from);
    if (before === undefined || after === undefined || more.length > 0) {
      const count = text.split(from).length - 1;
      throw new Error(`${file} holds the text ${count} times, not once: ${from}`);
    }
    await writeFile(path, before + to + after);
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  async #linkModules(root: string): Promise<void> {
    const modules = join(this.folder, "node_modules");
    await mkdir(join(modules, SCOPE), { recursive: true });
    for (const name of await readdir(join(root, "node_modules"))) {
      if (name !== SCOPE && !name.startsWith("."))
        await symlink(join(root, "node_modules", name), join(modules, name));
    }
    for (const name of PACKAGES) await symlink(join(this.folder, name), join(modules, SCOPE, name));
  }

  async #copyPackage(root: string, name: string): Promise<void> {
    const [from, to] = [join(root, name), join(this.folder, name)];
    const filter = (path: string): boolean => !LEFT_OUT.test(path);
    await cp(join(from, "dist"), join(to, "dist"), { recursive: true, filter });
    await cp(join(from, "package.json"), join(to, "package.json"));
  }
}
