import { writeFileSync } from "node:fs";
import { mkdir, open as openFile, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import {
  FatalError,
  fleetDifference,
  InvalidFleetRecordError,
  parseFleetRecord,
  printFleetRecord,
  type FleetRecord,
} from "@lastknown/shared";
import { machineBoot } from "./machine-boot.js";

/** Changes when the tables change so that an older view would be misread; an older one is rebuilt. */
const VIEW_LAYOUT = 4;
/** Starts in a row that ended within STABLE_AFTER_MS without being closed: the file kills its readers. */
const CRASHES_MAX = 3;
export const STABLE_AFTER_MS = 60_000;

const FLEET_FILE = "fleet.json";
const OPENED_FILE = "opened.json";
const DAMAGED_FILE = "damaged.json";
const DATA_FILE = "data.mdb";

/** What opened.json holds while a process has the view open. */
interface Opened {
  readonly boot: string;
  /** Starts since the view was last closed or open for long. */
  readonly starts: number;
}

/**
 * The folder of a view on disk: whose it is, and whether what is in it can be trusted.
 *
 * `fleet.json` holds the fleet record and the layout. `opened.json` stands there from opening to closing; found
 * at an opening it tells of a crash. A crash of the process leaves LMDB whole, one of the machine may not, since
 * nothing is synced: then the view is rebuilt, which the audit always allows. So it is where `damaged.json` says
 * why the file cannot be trusted any more.
 */
export class ViewDirectory {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /**
   * Why what is in the folder must be set aside, or undefined if it can be opened or is not there.
   *
   * @throws FatalError if it belongs to another fleet
   */
  async problem(fleet: FleetRecord): Promise<string | undefined> {
    if (!(await this.hasData())) return undefined;
    const text = await this.#read(FLEET_FILE);
    if (text === undefined) return `it has no ${FLEET_FILE}`;
    const stored = parsed<{ layout: number; fleet: string }>(text);
    const record = recordOf(stored?.fleet);
    if (record === undefined) return `its ${FLEET_FILE} cannot be read`;
    this.#requireOurs(fleet, record);
    if (stored?.layout !== VIEW_LAYOUT)
      return `its layout is ${stored?.layout}, this version's is ${VIEW_LAYOUT}`;
    return (await this.#damageProblem()) ?? (await this.#crashProblem());
  }

  async hasData(): Promise<boolean> {
    return (await readdirOrNothing(this.path)).includes(DATA_FILE);
  }

  /** Whether the last process that had it open did not close it. */
  async wasLeftOpen(): Promise<boolean> {
    return (await this.#opened()) !== undefined;
  }

  /** Notes that the view is about to be opened. */
  async markOpened(fleet: FleetRecord): Promise<void> {
    await mkdir(this.path, { recursive: true });
    const { starts = 0 } = (await this.#opened()) ?? {};
    await this.#writeOpened(starts + 1);
    await this.#write(FLEET_FILE, { layout: VIEW_LAYOUT, fleet: printFleetRecord(fleet) });
  }

  /** Notes that it has been open for long: whatever ended the starts before, it was not the file. */
  async markStable(): Promise<void> {
    await this.#writeOpened(0);
  }

  /** Notes at once that the file is not to be used again, whatever becomes of this process. */
  markDamaged(reason: string): void {
    writeFileSync(join(this.path, DAMAGED_FILE), `${JSON.stringify({ reason })}\n`);
  }

  /** Notes that it was closed, after making sure that all of it is on the disk. */
  async markClosed(): Promise<void> {
    const data = await openFile(join(this.path, DATA_FILE), "r+");
    await data.sync();
    await data.close();
    await rm(join(this.path, OPENED_FILE), { force: true });
  }

  /** Moves everything out of the way and gives the place. Only the last one set aside is kept. */
  async setAside(now: Date): Promise<string> {
    const parent = dirname(this.path);
    const prefix = `${basename(this.path)}.damaged-`;
    const older = (await readdir(parent)).filter((name) => name.startsWith(prefix));
    for (const name of older) await rm(join(parent, name), { recursive: true });
    const place = join(parent, `${prefix}${now.toISOString().replaceAll(":", "")}`);
    await rename(this.path, place);
    return place;
  }

  #requireOurs(ours: FleetRecord, theirs: FleetRecord): void {
    const difference = fleetDifference(ours, theirs);
    if (difference === undefined) return;
    throw new FatalError(
      `the view in ${this.path} belongs to another fleet than the audit topic: ${difference}`,
      {
        fix: "set LASTKNOWN_DATA_DIRECTORY to another folder, or remove this one: it is rebuilt from the audit",
      },
    );
  }

  async #damageProblem(): Promise<string | undefined> {
    const text = await this.#read(DAMAGED_FILE);
    return text === undefined
      ? undefined
      : (parsed<{ reason: string }>(text)?.reason ?? "it was found damaged");
  }

  async #crashProblem(): Promise<string | undefined> {
    const opened = await this.#opened();
    if (opened === undefined) return undefined;
    if (opened.boot !== (await machineBoot(new Date().toISOString())))
      return "the machine went down while it was open";
    return opened.starts >= CRASHES_MAX ? `its last ${opened.starts} openings ended in a crash` : undefined;
  }

  async #opened(): Promise<Opened | undefined> {
    const text = await this.#read(OPENED_FILE);
    return text === undefined ? undefined : (parsed<Opened>(text) ?? { boot: "unreadable", starts: 0 });
  }

  async #writeOpened(starts: number): Promise<void> {
    const opened: Opened = { boot: await machineBoot(new Date().toISOString()), starts };
    await this.#write(OPENED_FILE, opened);
  }

  async #write(name: string, content: object): Promise<void> {
    // A rename is whole or not at all, so a crash leaves no half a file.
    const path = join(this.path, name);
    await writeFile(`${path}.new`, `${JSON.stringify(content)}\n`);
    await rename(`${path}.new`, path);
  }

  async #read(name: string): Promise<string | undefined> {
    try {
      return await readFile(join(this.path, name), "utf8");
    } catch (error) {
      return undefinedIfMissing(error);
    }
  }
}

async function readdirOrNothing(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    return undefinedIfMissing(error) ?? [];
  }
}

function undefinedIfMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
  throw error;
}

function parsed<Content>(text: string): Content | undefined {
  try {
    return JSON.parse(text) as Content;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function recordOf(text: string | undefined): FleetRecord | undefined {
  if (typeof text !== "string") return undefined;
  try {
    return parseFleetRecord(text);
  } catch (error) {
    if (error instanceof InvalidFleetRecordError) return undefined;
    throw error;
  }
}
