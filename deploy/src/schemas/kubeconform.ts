import { runCommand } from "@lastknown/stack";

export interface Kubeconform {
  readonly command: string;
  /** As `ensureSchemas` gives it. */
  readonly schemaLocation: string;
}

const BOUND_MS = 2 * 60_000;

/**
 * What kubeconform finds wrong with the objects of a manifest, a line each: unknown kinds and fields, values of another
 * type, and those that are missing. Empty where it finds nothing.
 */
export async function complaintsAbout(
  manifest: string,
  { command, schemaLocation }: Kubeconform,
): Promise<string> {
  const args = ["-strict", "-schema-location", schemaLocation];
  const { exitCode, stdout, stderr } = await runCommand(command, args, {
    boundMs: BOUND_MS,
    input: manifest,
  });
  const complaints = `${stdout.toString("utf8")}${stderr.toString("utf8")}`.trim();
  return exitCode !== 0 && complaints === "" ? `kubeconform ended with ${exitCode}` : complaints;
}
