const BYTES_PER_LINE = 16;

/** Offset, bytes in hex, and the printable ones as text, as `hexdump -C` has it. */
export function hexdump(bytes: Buffer, bytesMax: number): string[] {
  const shown = bytes.subarray(0, bytesMax);
  const lines: string[] = [];
  for (let at = 0; at < shown.length; at += BYTES_PER_LINE) {
    const line = shown.subarray(at, at + BYTES_PER_LINE);
    const hex = [...line].map((byte) => byte.toString(16).padStart(2, "0"));
    const halves = [hex.slice(0, 8).join(" "), hex.slice(8).join(" ")].join("  ").padEnd(49);
    const text = [...line]
      .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "."))
      .join("");
    lines.push(`${at.toString(16).padStart(6, "0")}  ${halves} |${text}|`);
  }
  if (bytes.length > bytesMax) lines.push(`… ${bytes.length - bytesMax} more bytes`);
  return lines;
}
