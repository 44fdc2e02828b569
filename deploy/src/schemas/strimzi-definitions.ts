import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ensureTools, type OnProgress, runCommand, StackError } from "@lastknown/stack";
import { strimziClasses } from "./pins.js";

const MAVEN_BOUND_MS = 10 * 60_000;
const GENERATOR_BOUND_MS = 2 * 60_000;
const TAIL_LINES = 15;

/**
 * Has Strimzi's generator write the definitions of its kinds into a folder.
 * @param workFolder for what Maven fetches; of no use afterwards
 * @throws StackError `tools-missing` without Java and Maven; `download` where something cannot be fetched, or the
 *   definitions are others than the pinned ones
 */
export async function strimziDefinitions(
  folder: string,
  workFolder: string,
  onProgress: OnProgress,
): Promise<void> {
  const { java } = await ensureTools({ onProgress, maven: true });
  const jars = await fetchGenerator(workFolder);
  for (const [className, sha256] of Object.entries(strimziClasses.classes)) {
    const file = join(folder, `${className.slice(className.lastIndexOf(".") + 1).toLowerCase()}.yaml`);
    await run(
      java,
      [
        ["-cp", join(jars, "*"), "io.strimzi.crdgenerator.CrdGenerator", "--yaml"],
        ["--target-kube", "1.25+", "--crd-api-version", "v1", "--storage-version", "v1"],
        `${className}=${file}`,
      ].flat(),
      { boundMs: GENERATOR_BOUND_MS, cwd: workFolder },
    );
    const found = createHash("sha256")
      .update(await readFile(file))
      .digest("hex");
    if (found === sha256) continue;
    throw new StackError(
      "download",
      `the definition of ${className} has SHA-256 ${found}, pinned is ${sha256}`,
    );
  }
}

/** @returns the folder of the jars; Maven finds the repository by the user's own settings */
async function fetchGenerator(workFolder: string): Promise<string> {
  await mkdir(workFolder, { recursive: true });
  await writeFile(join(workFolder, "pom.xml"), pom());
  const jars = join(workFolder, "jars");
  const plugin = `org.apache.maven.plugins:maven-dependency-plugin:${strimziClasses.mavenDependencyPlugin}`;
  await run(
    "mvn",
    [
      ["-B", "-ntp", "-C", "-q", "-f", join(workFolder, "pom.xml"), `${plugin}:copy-dependencies`],
      ["-DincludeScope=runtime", `-DoutputDirectory=${jars}`],
      `-Dmaven.repo.local=${join(workFolder, "repository")}`,
    ].flat(),
    { boundMs: MAVEN_BOUND_MS, cwd: workFolder },
  );
  return jars;
}

async function run(
  command: string,
  args: readonly string[],
  options: { readonly boundMs: number; readonly cwd: string },
): Promise<void> {
  const { exitCode, stdout, stderr } = await runCommand(command, args, options);
  if (exitCode === 0) return;
  const said = `${stdout.toString("utf8")}${stderr.toString("utf8")}`.trimEnd();
  const tail = said.split("\n").slice(-TAIL_LINES).join("\n");
  throw new StackError("download", `${command} could not get Strimzi's definitions:\n${tail}`);
}

function pom(): string {
  const versions = { api: strimziClasses.api, "crd-generator": strimziClasses.generator };
  const dependencies = Object.entries(versions).map(
    ([artifact, version]) =>
      `<dependency><groupId>io.strimzi</groupId><artifactId>${artifact}</artifactId>` +
      `<version>${version}</version></dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>lastknown</groupId>
  <artifactId>strimzi-definitions</artifactId>
  <version>1</version>
  <dependencies>
    ${dependencies.join("\n    ")}
  </dependencies>
</project>
`;
}
