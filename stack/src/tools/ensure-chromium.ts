import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { type OnProgress, slowStep } from "../progress.js";
import { StackError } from "../stack-error.js";
import { aptGet, aptRights } from "./apt.js";

/** The browser's names in distributions. */
const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];
const MAC_PLACE = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
const DEBIAN_PACKAGE = "chromium";

/**
 * Finds the browser in which the tests open the page; on Debian, as root or with a sudo that asks for no password, it
 * is installed where it is missing. No server needs it, so its absence is told, and is no error.
 */
export async function ensureChromium(onProgress: OnProgress): Promise<string | undefined> {
  const found = await findChromium();
  if (found !== undefined) return found;
  const asRoot = await aptRights();
  if (asRoot !== undefined) {
    try {
      await slowStep(onProgress, "apt-get update", () => aptGet(asRoot, ["update"]));
      const install = ["install", "-y", "--no-install-recommends", DEBIAN_PACKAGE];
      await slowStep(onProgress, `apt-get ${install.join(" ")}`, () => aptGet(asRoot, install));
    } catch (error) {
      if (!(error instanceof StackError)) throw error;
      onProgress(error.message);
    }
  }
  const foundNow = await findChromium();
  if (foundNow === undefined)
    onProgress("no Chromium: the page is not tried in a browser; install `chromium`");
  return foundNow;
}

/** @param path folders to look in, as in PATH */
export async function findChromium(path: string = process.env["PATH"] ?? ""): Promise<string | undefined> {
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  const places = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  for (const place of [...places, MAC_PLACE]) {
    if (await isExecutable(place)) return place;
  }
  return undefined;
}

async function isExecutable(place: string): Promise<boolean> {
  return await access(place, constants.X_OK).then(
    () => true,
    () => false,
  );
}
