import { exitCodes, FatalError, parseIsoTime, userIdProblem, type Micros } from "@lastknown/shared";

/** Reads a time that was given as an option; a time without zone is refused, as everywhere. */
export function timeArgument(flag: string, text: string | undefined): Micros | undefined {
  if (text === undefined) return undefined;
  const parsed = parseIsoTime(text);
  if (parsed.kind === "instant") return parsed.micros;
  const reason = parsed.kind === "local" ? "it has no zone" : parsed.reason;
  throw new FatalError(`${flag} ${JSON.stringify(text)} is no moment: ${reason}`, {
    fix: "write it like 2024-03-10T12:00:00Z",
    exitCode: exitCodes.usage,
  });
}

export function userArgument(user: string | undefined): string | undefined {
  const problem = user === undefined ? undefined : userIdProblem(user);
  if (problem === undefined) return user;
  throw new FatalError(`no such user can exist: ${problem}`, {
    fix: "give an id of 1 to 256 bytes of UTF-8",
    exitCode: exitCodes.usage,
  });
}
