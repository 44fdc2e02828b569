import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A file of the page, in memory. */
export interface PageFile {
  readonly body: Buffer;
  readonly type: string;
  /** A strong one: other bytes, another tag. */
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Beside src/ and dist/: nothing of it is built. */
const PAGE_FOLDER = fileURLToPath(new URL("../../page/", import.meta.url));

/** Answered at `/`; the others of its folder at `/page/` and their name. */
const PAGE = "index.html";

/** Path → file of the package that draws the plots. */
const PLOT_FILES: Readonly<Record<string, string>> = {
  "/page/uplot.js": "dist/uPlot.esm.js",
  "/page/uplot.css": "dist/uPlot.min.css",
};

/** Reads all files of the page at `/`, by the paths at which they are answered. */
export async function readPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const plotFolder = dirname(createRequire(import.meta.url).resolve("uplot/package.json"));
  const own = await readdir(PAGE_FOLDER);
  const places = [
    ...own.map((name) => [name === PAGE ? "/" : `/page/${name}`, join(PAGE_FOLDER, name)] as const),
    ...Object.entries(PLOT_FILES).map(([path, file]) => [path, join(plotFolder, file)] as const),
  ];
  return new Map(
    await Promise.all(places.map(async ([path, file]) => [path, await readPageFile(file)] as const)),
  );
}

async function readPageFile(file: string): Promise<PageFile> {
  const body = await readFile(file);
  const hash = createHash("sha256").update(body).digest("base64url");
  return { body, type: TYPES[extname(file)] ?? "application/octet-stream", etag: `"${hash}"` };
}
