import { singleQuoted } from "./single-quoted.js";
import type { StackLayout } from "./stack-layout.js";

/** What stops a stack and has it go on with its data, all of its servers again: for a person to paste into a shell. */
export function restartCommands(directory: string, { brokers, redis, security }: StackLayout): string {
  const where = `--directory ${quoted(directory)}`;
  const secure = security === undefined ? "" : ` --secure --fleet ${security.fleet}`;
  const form = `--brokers ${brokers.length} --redis-nodes ${redis.length}${secure}`;
  return `lastknown stack down ${where} && lastknown stack up ${where} ${form}`;
}

/** As a POSIX shell takes it; plain names stay as they are. */
function quoted(text: string): string {
  return /^[\w./-]+$/.test(text) ? text : singleQuoted(text);
}
