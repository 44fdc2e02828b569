import { runCommand } from "@lastknown/stack";
import { complaintsAbout } from "../schemas/kubeconform.js";

export interface Answer {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type TestTool = "KUBECTL" | "KUSTOMIZE" | "KUBECONFORM" | "ETCD" | "KUBE_APISERVER" | "SCHEMA_LOCATION";

const BOUND_MS = 2 * 60_000;

/** @throws Error outside `npm run test:k8s` */
export function testTool(name: TestTool): string {
  const found = process.env[`LASTKNOWN_TEST_${name}`];
  if (found === undefined) throw new Error("there is no API server here: npm run test:k8s starts one");
  return found;
}

/** Asks the API server, or has it do something; whatever comes of it. @param input what `-f -` reads */
export async function kubectl(args: readonly string[], input?: string): Promise<Answer> {
  return answerOf(testTool("KUBECTL"), args, input);
}

/** The same where it has to go well, and the API server may not warn. @returns standard output */
export async function kubectlQuietly(args: readonly string[], input?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await kubectl(args, input);
  if (exitCode === 0 && stderr === "") return stdout;
  throw new Error(`kubectl ${args.join(" ")} ended with ${exitCode}:\n${stderr}${stdout}`);
}

/** What kubeconform finds wrong; empty where it finds nothing. */
export function kubeconformComplaints(manifest: string): Promise<string> {
  const kubeconform = { command: testTool("KUBECONFORM"), schemaLocation: testTool("SCHEMA_LOCATION") };
  return complaintsAbout(manifest, kubeconform);
}

/** @throws Error with what kustomize said, where the folder cannot be built */
export async function kustomizeBuild(folder: string): Promise<string> {
  const { exitCode, stdout, stderr } = await answerOf(testTool("KUSTOMIZE"), ["build", folder]);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
}

export function manifestOf(...objects: readonly unknown[]): string {
  // JSON is YAML, but kubectl takes no more than one document of it.
  return JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
}

async function answerOf(command: string, args: readonly string[], input?: string): Promise<Answer> {
  const { exitCode, stdout, stderr } = await runCommand(command, args, {
    boundMs: BOUND_MS,
    ...(input === undefined ? {} : { input }),
  });
  return { exitCode, stdout: stdout.toString("utf8"), stderr: stderr.toString("utf8") };
}
