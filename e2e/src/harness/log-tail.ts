import type { Readable } from "node:stream";

/** So many lines of a process are kept; older ones are forgotten. */
const LINES_KEPT_MAX = 5_000;

/** The last lines that a stream gave, and a way to wait for one. */
export class LogTail {
  readonly #lines: string[] = [];
  readonly #waiting = new Set<(line: string) => void>();
  #rest = "";

  constructor(stream: Readable) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => this.#take(text));
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Calls for every line from now on, until the function that it gives is called. */
  onLine(tell: (line: string) => void): () => void {
    this.#waiting.add(tell);
    return () => this.#waiting.delete(tell);
  }

  /** The last lines as text for a message. */
  end(count: number): string {
    return this.#lines.slice(-count).join("\n");
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      this.#lines.push(line);
      if (this.#lines.length > LINES_KEPT_MAX) this.#lines.shift();
      for (const tell of this.#waiting) tell(line);
    }
  }
}
