import { resolve } from "node:path";
import type { Login } from "@lastknown/stack";
import { Command, Option } from "commander";
import type { Outcome } from "../command-line.js";
import { tableLines } from "../output/table.js";
import { paint, say, writeData, type Terminal } from "../output/terminal.js";

/** Stacks live side by side, each in the folder of its name. */
const STACKS_FOLDER = ".lastknown/stacks";
const FAILED = 1;

/** `lastknown stack`: Kafka, the schema registry and a Redis Cluster on this machine. */
export function stackCommand(terminal: Terminal, finish: (outcome: Outcome) => void): Command {
  const stack = new Command("stack").description("a local Kafka, schema registry and Redis Cluster");
  stack.addCommand(upCommand(terminal, finish));
  stack.addCommand(downCommand(terminal, finish));
  stack.addCommand(statusCommand(terminal, finish));
  stack.addCommand(envCommand(terminal, finish));
  return stack;
}

function named(command: Command): Command {
  return command
    .option("--name <name>", "which stack: several run side by side", "default")
    .option("--directory <path>", `its folder, instead of ${STACKS_FOLDER}/<name>`);
}

interface StackNaming {
  readonly name: string;
  readonly directory?: string;
}

function directoryOf({ name, directory }: StackNaming): string {
  return resolve(directory ?? `${STACKS_FOLDER}/${name}`);
}

function envHint({ name, directory }: StackNaming): string {
  const which =
    directory === undefined ? (name === "default" ? "" : ` --name ${name}`) : ` --directory ${directory}`;
  return `eval "$(lastknown stack env${which})"`;
}

interface UpOptions extends StackNaming {
  readonly brokers: "1" | "3";
  readonly redisNodes: "3" | "6";
  readonly fullJit?: true;
  readonly secure?: true;
  readonly fleet: string;
}

function upCommand(terminal: Terminal, finish: (outcome: Outcome) => void): Command {
  return named(new Command("up").description("start it; it stays until stack down"))
    .addOption(
      new Option("--brokers <count>", "Kafka brokers in one quorum").choices(["1", "3"]).default("1"),
    )
    .addOption(
      new Option("--redis-nodes <count>", "3 masters, or 3 masters with 3 replicas")
        .choices(["3", "6"])
        .default("3"),
    )
    .option("--full-jit", "let Kafka compile fully: slower to start, faster after; for measurements")
    .option("--secure", "TLS, logins and rights on all servers, with certificates and passwords of its own")
    .option("--fleet <name>", "with --secure: the fleet for which its users have rights", "lastknown")
    .action(async (options: UpOptions) => {
      const { loadSettings } = await import("@lastknown/shared/settings");
      // Users, rights and patterns of keys are made of it: it has to be a name that a fleet can have.
      const { fleet } = loadSettings({ flags: { fleet: options.fleet }, environment: {} });
      const { startStack } = await import("@lastknown/stack");
      await startStack({
        directory: directoryOf(options),
        onProgress: (line) => say(terminal, line),
        temporary: false,
        brokers: options.brokers === "3" ? 3 : 1,
        redisNodes: options.redisNodes === "6" ? 6 : 3,
        quickJit: options.fullJit !== true,
        ...(options.secure === true ? { security: { fleet: fleet.name } } : {}),
      });
      say(terminal, `the stack runs; point every other command at it with: ${envHint(options)}`);
      finish(undefined);
    });
}

function downCommand(terminal: Terminal, finish: (outcome: Outcome) => void): Command {
  return named(
    new Command("down").description("stop it; its data stay, and stack up goes on with them"),
  ).action(async (options: StackNaming) => {
    const { stopStack } = await import("@lastknown/stack");
    const directory = directoryOf(options);
    const stopped = await stopStack(directory);
    say(
      terminal,
      stopped.length === 0
        ? `nothing runs in ${directory}`
        : `stopped ${stopped.join(", ")}; their data stay in ${directory}`,
    );
    finish(undefined);
  });
}

function statusCommand(terminal: Terminal, finish: (outcome: Outcome) => void): Command {
  return named(new Command("status").description("addresses, pids and health of its servers"))
    .option("--json", "as JSON")
    .action(async (options: StackNaming & { json?: true }) => {
      const { stackStatus } = await import("@lastknown/stack");
      const status = await stackStatus(directoryOf(options));
      if (options.json === true) {
        await writeData(terminal, `${JSON.stringify(status, null, 2)}\n`);
      } else {
        const rows = status.servers.map(({ name, address, pid, healthy, lacks }) => [
          name,
          address,
          pid === null ? "-" : String(pid),
          healthy ? "healthy" : (lacks ?? "not healthy"),
        ]);
        const columns = [
          { title: "SERVER" },
          { title: "ADDRESS" },
          { title: "PID", align: "right" as const },
          { title: "HEALTH" },
        ];
        await writeData(terminal, `${tableLines(columns, rows).join("\n")}\n`);
        if (!status.healthy) {
          const warning = paint(terminal.messages, "yellow", "not all of it is healthy");
          say(terminal, `${warning}; what does not run comes back with: ${status.restart}`);
        }
      }
      finish(status.healthy ? undefined : FAILED);
    });
}

function envCommand(terminal: Terminal, finish: (outcome: Outcome) => void): Command {
  return named(
    new Command("env").description('shell lines that point every other command at it: eval "$(…)"'),
  )
    .addOption(
      new Option(
        "--as <login>",
        "of a secured stack: with the rights of one process only (default: admin, which may all)",
      ).choices([...LOGINS]),
    )
    .action(async (options: StackNaming & { as?: Login }) => {
      const { stackEnvironment } = await import("@lastknown/stack");
      await writeData(terminal, stackEnvironment(directoryOf(options), options.as));
      finish(undefined);
    });
}

/** Written out, as the stack's package is not loaded for other commands; a test holds it against that. */
export const LOGINS: readonly Login[] = ["replay", "worker", "query", "tools", "admin"];
