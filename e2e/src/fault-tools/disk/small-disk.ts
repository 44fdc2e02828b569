import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, open, rm, statfs } from "node:fs/promises";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@lastknown/stack";
import { CannotBeMadeError } from "../cannot-be-made.js";

const BALLAST = ".ballast";
const PIECE_BYTES = 64 * 1024;
/** Filling takes memory: no disk of a test is larger. */
const DISK_BYTES_MAX = 1024 * 1024 * 1024;
const COMMAND_BOUND_MS = 20_000;
const REAPER_BOUND_MS = 10_000;
/** Waits until its input ends, as it does with whoever started it, and takes the disk away. */
const REAPER = 'read -r line; umount -l "$1"; [ "$2" = keep ] || rmdir "$1"';

export interface SmallDiskOptions {
  readonly bytes: number;
  /** Mounted over this folder, with a copy of what is in it; else over a new one. Nobody may write there meanwhile. */
  readonly over?: string;
}

/**
 * A disk in memory that can be filled and freed while programs work on it. Gone after `unmount`, and however the
 * program ends that mounted it. Needs root, or a namespace of the user's own: `unshare -Urm npm run …`.
 *
 * @example
 * const disk = await SmallDisk.mount({ bytes: 32 * 1024 * 1024 });
 * await fleet.startQuery("view", { LASTKNOWN_DATA_DIRECTORY: disk.folder });
 * await disk.fill(); // … and later: await disk.free(); await disk.unmount();
 * // Before the folder around it is removed: unmount first, then `stack.stop()`.
 */
export class SmallDisk {
  readonly folder: string;
  readonly #reaper: ChildProcess;
  readonly #bytes: number;

  private constructor(folder: string, reaper: ChildProcess, bytes: number) {
    this.folder = folder;
    this.#reaper = reaper;
    this.#bytes = bytes;
  }

  /** @throws CannotBeMadeError where mounting is not allowed */
  static async mount({ bytes, over }: SmallDiskOptions): Promise<SmallDisk> {
    if (bytes > DISK_BYTES_MAX) throw new RangeError(`a small disk has at most ${DISK_BYTES_MAX} bytes`);
    const staging = await mkdtemp(join(tmpdir(), "lastknown-small-disk-"));
    const reaper = startReaper(over ?? staging, over === undefined ? "remove" : "keep");
    const disk = new SmallDisk(over ?? staging, reaper, bytes);
    try {
      if (over !== undefined) await cp(over, staging, { recursive: true });
      await mountMemory(disk.folder, bytes);
      if (over !== undefined) await cp(staging, over, { recursive: true });
    } catch (error) {
      await disk.#endReaper();
      throw error;
    } finally {
      if (over !== undefined) await rm(staging, { recursive: true });
    }
    return disk;
  }

  async freeBytes(): Promise<number> {
    const { bavail, bsize } = await statfs(this.folder);
    return bavail * bsize;
  }

  /** Writes until no byte more fits, or until so many are left. @returns how many it wrote */
  async fill({ leaveBytes = 0 }: { readonly leaveBytes?: number } = {}): Promise<number> {
    const ballast = await open(join(this.folder, BALLAST), "a");
    const piece = Buffer.alloc(PIECE_BYTES);
    let written = 0;
    try {
      while (written < this.#bytes) {
        const room = (await this.freeBytes()) - leaveBytes;
        if (room <= 0) break;
        written += (await ballast.write(piece, 0, Math.min(room, PIECE_BYTES))).bytesWritten;
      }
    } catch (error) {
      // Others write there too: what was free a moment ago may be taken.
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    } finally {
      await ballast.close();
    }
    return written;
  }

  /** Takes away what `fill` wrote. */
  async free(): Promise<void> {
    await rm(join(this.folder, BALLAST), { force: true });
  }

  /** Programs that still work there keep what they have open, and nobody else sees it any more. */
  async unmount(): Promise<void> {
    await this.#endReaper();
  }

  async #endReaper(): Promise<void> {
    if (this.#reaper.exitCode !== null) return;
    this.#reaper.ref();
    const ended = once(this.#reaper, "exit", { signal: AbortSignal.timeout(REAPER_BOUND_MS) });
    this.#reaper.stdin?.end("unmount\n");
    await ended;
  }
}

/** In a group of its own, so that Ctrl-C does not reach it. */
function startReaper(folder: string, then: "keep" | "remove"): ChildProcess {
  const reaper = spawn("/bin/sh", ["-c", REAPER, "sh", folder, then], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  reaper.stdin.on("error", () => reaper.stdin.destroy());
  // Neither it nor the pipe keeps from ending whom it watches.
  reaper.unref();
  if (reaper.stdin instanceof Socket) reaper.stdin.unref();
  return reaper;
}

async function mountMemory(folder: string, bytes: number): Promise<void> {
  const args = ["-t", "tmpfs", "-o", `size=${bytes}`, "lastknown-small-disk", folder];
  const { exitCode, stderr } = await runCommand("mount", args, { boundMs: COMMAND_BOUND_MS });
  if (exitCode === 0) return;
  throw new CannotBeMadeError(
    "a full disk",
    `mount says: ${stderr.toString().split("\n")[0]}; run it as root, or with: unshare -Urm`,
  );
}
