import { setTimeout as sleep } from "node:timers/promises";
import { FatalError } from "@lastknown/shared";
import { FleetLagWatch, type FleetLag } from "../lag/fleet-lag.js";
import { lagLines } from "../lag/print-lag.js";
import { withLagSources } from "../lag/lag-sources.js";
import { queryServiceUrl } from "../query-client/query-client.js";
import type { DemoServers } from "./demo-servers.js";

const LOOK_EVERY_MS = 200;
/** Without any progress for so long something is wrong. */
const STALLED_MS = 60_000;

/** Resolves when the workers have committed, and the view has folded, all that is in the topics. */
export async function untilCaughtUp(servers: DemoServers): Promise<void> {
  await withLagSources(servers.settings, async (sources) => {
    const watch = new FleetLagWatch(sources);
    let last = "";
    let movedMs = performance.now();
    for (;;) {
      servers.requireRunning();
      await watch.look();
      const lag = await watch.measure();
      if (lag.lag === 0 && lag.viewLag === 0) return;
      const now = `${lag.lag}/${lag.viewLag}`;
      if (now !== last) movedMs = performance.now();
      if (performance.now() - movedMs > STALLED_MS)
        throw stalled(lag, queryServiceUrl(servers.settings.query));
      last = now;
      await sleep(LOOK_EVERY_MS);
    }
  });
}

function stalled(lag: FleetLag, asked: string): FatalError {
  return new FatalError(`nothing moved for ${STALLED_MS / 1000} s:\n${lagLines(lag, asked).join("\n")}`, {
    fix: "start the demo again; if it comes back, see the workers' logs",
  });
}
