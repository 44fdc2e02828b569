import { fileURLToPath } from "node:url";
import { BenchProcess } from "./bench-process.mjs";

const BIN = fileURLToPath(new URL("../../cli/bin/lastknown.js", import.meta.url));

/** A `lastknown` command. */
export class LastknownProcess extends BenchProcess {
  /**
   * @param {object} options as of any process, but with the arguments of `lastknown` alone
   * @param {readonly string[]} options.args
   * @param {readonly string[]} [options.nodeFlags]
   */
  constructor({ args, nodeFlags = [], ...options }) {
    super({ ...options, command: process.execPath, args: [...nodeFlags, BIN, ...args] });
  }
}
