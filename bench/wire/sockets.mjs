import { runCommand } from "@lastknown/stack";

const BOUND_MS = 10_000;

/**
 * Bytes over the connections that processes have open to some ports, as the kernel counts them for each socket, without
 * the heads of packets.
 * @param {readonly number[]} pids
 * @param {readonly number[]} ports of servers
 * @returns {Promise<{ sent: number, received: number }>}
 */
export async function socketBytes(pids, ports) {
  const { stdout } = await runCommand("ss", ["-tinpH"], { boundMs: BOUND_MS });
  const owners = new Set(pids.map(String));
  const wanted = new Set(ports.map(String));
  const bytes = { sent: 0, received: 0 };
  // Each socket is a line, and a second one, indented, with what the kernel knows of it.
  for (const socket of stdout.toString().split(/\n(?=\S)/)) {
    const port = /^\S+\s+\d+\s+\d+\s+\S+\s+\S+:(\d+)\s/.exec(socket)?.[1];
    const pid = /pid=(\d+)/.exec(socket)?.[1];
    if (!wanted.has(port) || !owners.has(pid)) continue;
    bytes.sent += Number(/ bytes_sent:(\d+)/.exec(socket)?.[1] ?? 0);
    bytes.received += Number(/ bytes_received:(\d+)/.exec(socket)?.[1] ?? 0);
  }
  return bytes;
}

/** The port of each `host:port`. */
export function portsOf(addresses) {
  return addresses.map((address) => Number(address.split(":").at(-1)));
}
