import { join } from "node:path";
import { BenchProcess } from "../processes/bench-process.mjs";
import { PEER_ROLE } from "./peer-names.mjs";

/** A peer that is done with an event when the audit has it. */
export function peerProcess({ servers, reader, folder, own, auditTopic }, { command, args, environment }) {
  const logFile = join(folder, `${own}.log`);
  const started = new BenchProcess({ name: own, command, args, environment, logFile });
  servers.stack.adopt(own, started.pid);
  const auditCounts = async () => {
    const ends = await reader.ends(auditTopic);
    return new Map([...ends].map(([partition, { start, end }]) => [partition, end - start]));
  };
  return {
    role: PEER_ROLE,
    pid: started.pid,
    auditCounts,
    done: async () => [...(await auditCounts()).values()].reduce((sum, count) => sum + count, 0),
    requireRunning: () => started.requireRunning(),
    stop: () => started.stop(),
  };
}
