import { figure, percent } from "./table.mjs";

/** A machine at rest is busy with less. */
const AT_REST_SHARE = 0.1;

/** What a machine it is, and how busy it was before the bench began. */
export function machineLines({ cores, processor, memoryMb, node, loadAverage, busyBefore, stolenBefore }) {
  return [
    `${cores} cores of ${processor}, ${figure(memoryMb)} MB, Node ${node}`,
    `before: load average ${loadAverage.join(" ")}; ${percent(busyBefore)} of the machine busy, ` +
      `${percent(stolenBefore)} taken by its host` +
      (busyBefore + stolenBefore > AT_REST_SHARE
        ? "; NOT AT REST: compare only what was measured together"
        : ""),
  ];
}
