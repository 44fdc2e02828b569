import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** State 0A of /proc/net/tcp. */
const LISTENING = "0A";

/** The ports on which a program listens, by what the kernel says of its open files; Linux alone. */
export function listeningPorts(pid: number): number[] {
  const folder = `/proc/${pid}/fd`;
  const sockets = new Set(
    readdirSync(folder).flatMap((name) => {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${name}`))?.[1];
      return inode === undefined ? [] : [inode];
    }),
  );
  const ports = ["tcp", "tcp6"].flatMap((table) =>
    readFileSync(`/proc/${pid}/net/${table}`, "utf8")
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((cells) => cells[3] === LISTENING && sockets.has(cells[9] ?? ""))
      .map((cells) => Number.parseInt(cells[1]?.split(":")[1] ?? "", 16)),
  );
  return [...new Set(ports)].toSorted((a, b) => a - b);
}
