import { FatalError, exitCodes } from "../errors/index.js";

/** All that is wrong with the settings, one sentence each: where it was set, what it must be. */
export class SettingsError extends FatalError {
  override readonly name = "SettingsError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? "1 setting is wrong" : `${problems.length} settings are wrong`;
    super([count, ...problems.map((problem) => `  ${problem}`)].join("\n"), {
      fix: "correct them; `lastknown config --help` says what each may be",
      exitCode: exitCodes.usage,
    });
    this.problems = problems;
  }
}
