import { once } from "node:events";
import type { Writable } from "node:stream";
import { styleText } from "node:util";

/** A stream that may be a terminal; node:tty's streams fit. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
  hasColors?(): boolean;
}

/** Where a command writes: what was asked for goes to `data`, all that is said about it to `messages`. */
export interface Terminal {
  readonly data: OutputStream;
  readonly messages: OutputStream;
}

/** The style of one piece of text. Few, so that the output stays readable without any. */
export type Style = "bold" | "dim" | "green" | "yellow" | "red" | "cyan";

/** The text in this style where the stream shows colours; `NO_COLOR` is respected by `hasColors`. */
export function paint(stream: OutputStream, style: Style, text: string): string {
  const showsColors = stream.isTTY === true && stream.hasColors?.() === true;
  return showsColors ? styleText(style, text, { validateStream: false }) : text;
}

/** Writes data and waits while the reader is slow, so that no more than one buffer is held. */
export async function writeData(terminal: Terminal, text: string): Promise<void> {
  if (text === "" || terminal.data.write(text)) return;
  await once(terminal.data, "drain");
}

/** Says one line to the person. */
export function say(terminal: Terminal, line: string): void {
  terminal.messages.write(`${line}\n`);
}
