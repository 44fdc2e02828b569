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
}

/** `lastknown lag`: how far the workers and the view are behind, once or again and again. */
export function lagCommand(terminal: Terminal, finish: (outcome: Outcome) => void): Command {
  const command = new Command("lag")
    .description("how far the workers and the view are behind")
    .option("--watch", "again and again, until Ctrl-C")
    .option("--interval-ms <ms>", "pause between two looks", wholeNumber({ min: 100, max: 3_600_000 }), 1000)
    .option("--json", "as JSON, one object per look");
  addSettingsFlags(command, "tools");
  return command.action(async (options: LagOptions) => {
    const settings = settingsOf(command);
    const { withLagSources } = await import("../lag/lag-sources.js");
    const { measureFleetLag } = await import("../lag/fleet-lag.js");
    const { lagLines } = await import("../lag/print-lag.js");
    const { queryServiceUrl } = await import("../query-client/query-client.js");
    const asked = queryServiceUrl(settings.query);
    const print = async (lag: FleetLag): Promise<void> => {
      const text = options.json === true ? JSON.stringify(lag) : lagLines(lag, asked).join("\n");
      await writeData(terminal, `${text}\n`);
    };
    await withLagSources(settings, async (sources) => {
      await print(await measureFleetLag(sources));
      while (options.watch === true) {
        await pause(options.intervalMs);
        await print(await measureFleetLag(sources));
      }
    });
    finish(undefined);
  });
}

/** Ctrl-C ends the process as it always does: nothing is held that would need closing. */
function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
