import { Command } from "commander";
import type { Outcome } from "../command-line.js";
import type { FleetLag } from "../lag/fleet-lag.js";
import { writeData, type Terminal } from "../output/terminal.js";
import { addSettingsFlags, settingsOf } from "../settings-flags.js";
import { wholeNumber } from "./arguments.js";

interface LagOptions {
  readonly watch?: true;
  readonly intervalMs: number;
  readonly json?: true;
  readonly showUsers?: true;
}

/** `lastknown lag`: how far the workers and the view are behind, and why; once or again and again. */
export function lagCommand(terminal: Terminal, finish: (outcome: Outcome) => void): Command {
  const command = new Command("lag")
    .description("how far the workers and the view are behind, and why")
    .option("--watch", "again and again, until Ctrl-C")
    .option("--interval-ms <ms>", "pause between two looks", wholeNumber({ min: 100, max: 3_600_000 }), 1000)
    .option("--json", "as JSON, one object per look")
    .option("--show-users", "name the user to whom most of a hot partition's records belong");
  addSettingsFlags(command, "tools");
  return command.action(async (options: LagOptions) => {
    const settings = settingsOf(command);
    const { withLagSources } = await import("../lag/lag-sources.js");
    const { FleetLagWatch } = await import("../lag/fleet-lag.js");
    const { measureFleetLag } = await import("../lag/measure-fleet-lag.js");
    const { lagLines } = await import("../lag/print-lag.js");
    const { queryServiceUrl } = await import("../query-client/query-client.js");
    const asked = queryServiceUrl(settings.query);
    const print = async (lag: FleetLag): Promise<void> => {
      const text = options.json === true ? JSON.stringify(lag) : lagLines(lag, asked).join("\n");
      await writeData(terminal, `${text}\n`);
    };
    const { showUsers } = options;
    await withLagSources(settings, async (sources) => {
      if (options.watch !== true) return await print(await measureFleetLag(sources, { showUsers, pause }));
      const watch = new FleetLagWatch(sources);
      for (;;) {
        await watch.look();
        await print(await watch.measure(showUsers));
        await pause(options.intervalMs);
      }
    });
    finish(undefined);
  });
}

/** Ctrl-C ends the process as it always does: nothing is held that would need closing. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
