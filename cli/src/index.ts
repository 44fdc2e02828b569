export { runCommandLine } from "./command-line.js";
export type { Terminal } from "./output/terminal.js";
