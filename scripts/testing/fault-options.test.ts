import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "@jest/globals";

const SCRIPT = fileURLToPath(new URL("../test-faults.mjs", import.meta.url));

interface Ran {
  readonly exitCode: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

function testFaults(...args: string[]): Promise<Ran> {
  return testFaultsIn({}, ...args);
}

function testFaultsIn(environment: Readonly<Record<string, string>>, ...args: string[]): Promise<Ran> {
  const env = { ...process.env, ...environment };
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...args], { env }, (error, stdout, stderr) =>
      resolve({ exitCode: error?.code ?? 0, stdout, stderr }),
    );
  });
}

it("says how it is used", async () => {
  const { exitCode, stdout, stderr } = await testFaults("--help");
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  for (const option of ["--seed N", "--only TEXT", "--short", "--list", "--json"])
    expect(stdout).toContain(option);
});

it.each([
  [["--foo"], "Unknown option '--foo'; see --help\n"],
  [["redis"], "Unexpected argument 'redis'; see --help\n"],
  [["--seed", "-1"], "--seed takes a whole number from 0 on; see --help\n"],
  [["--seed", "1e3"], "--seed takes a whole number from 0 on; see --help\n"],
  [["--seed="], "--seed takes a whole number from 0 on; see --help\n"],
  [["--only"], "Option '--only <value>' argument missing; see --help\n"],
  [["--only", ""], "--only takes a text; see --help\n"],
  [["--only", "--short"], "Option '--only' argument is ambiguous; see --help\n"],
])("refuses %j in one line", async (args, stderr) => {
  expect(await testFaults(...args)).toEqual({ exitCode: 2, stdout: "", stderr });
});

it.each(["seed", "short", "list"])("breaks nothing where npm took --%s for itself", async (option) => {
  expect(await testFaultsIn({ [`npm_config_${option}`]: "true" }, "--help")).toEqual({
    exitCode: 2,
    stdout: "",
    stderr: `npm took --${option} for itself. Put -- before the arguments:  npm run test:faults -- --${option} …\n`,
  });
});
