// The browser in which the tests open the page, where any of them does.

import { join } from "node:path";
import { root } from "../bootstrap.mjs";
import { say } from "../say.mjs";

const NEEDS_BROWSER = /-(page|tabs)\.it\.test\.ts$/;
/** Without it those tests are skipped, and counted so. */
const VARIABLE = "LASTKNOWN_TEST_CHROMIUM";

/**
 * @param {readonly string[]} files those that are about to run
 * @returns {Promise<NodeJS.ProcessEnv>} what the tests' environment has beside the servers
 */
export async function browserEnvironment(files) {
  if (process.env[VARIABLE] || !files.some((file) => NEEDS_BROWSER.test(file))) return {};
  const { ensureChromium } = await import(join(root, "stack/dist/index.js"));
  const place = await ensureChromium(say);
  return place === undefined ? {} : { [VARIABLE]: place };
}
