import { FatalError, exitCodes } from "@lastknown/shared";

const UTF_16_MARKS = [
  { mark: "\xff\xfe", hex: "FF FE" },
  { mark: "\xfe\xff", hex: "FE FF" },
] as const;

/**
 * Refuses what would be read as a header and no rows: UTF-16, and lines that end with CR alone.
 *
 * @param line a file's bytes up to its first line feed, as latin1
 * @param quote one character, or undefined where quotes mean nothing
 * @throws FatalError (usage) with the command that converts the file
 */
export function requireReadableFirstLine(line: string, quote: string | undefined): void {
  const marked = UTF_16_MARKS.find(({ mark }) => line.startsWith(mark));
  if (marked !== undefined) throw utf16(`is UTF-16 (it starts with ${marked.hex})`, "UTF-16");
  if (line.includes("\0")) throw utf16("looks like UTF-16 (its first line holds NULs)", byteOrderOf(line));
  if (hasReturnInside(line, quote)) {
    throw new FatalError("the header holds a CR outside quotes, but lines must end with LF or CR LF", {
      fix: "convert the file, for example: tr '\\r' '\\n' < old.csv > new.csv",
      exitCode: exitCodes.usage,
    });
  }
}

function utf16(what: string, encoding: string): FatalError {
  return new FatalError(`the file ${what}`, {
    fix: `convert it, for example: iconv -f ${encoding} -t UTF-8 old.csv > new.csv`,
    exitCode: exitCodes.usage,
  });
}

/** Most characters of a header, and all separators, are below 256: their high byte is the NUL. */
function byteOrderOf(line: string): "UTF-16LE" | "UTF-16BE" {
  let high = 0;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === "\0") high += at % 2 === 1 ? 1 : -1;
  }
  return high > 0 ? "UTF-16LE" : "UTF-16BE";
}

/** The CR before the line feed is a part of the line's end. */
function hasReturnInside(line: string, quote: string | undefined): boolean {
  let isQuoted = false;
  for (let at = 0; at < line.length - 1; at++) {
    if (line[at] === quote) isQuoted = !isQuoted;
    else if (line[at] === "\r" && !isQuoted) return true;
  }
  return false;
}
