import { type OnProgress, runCommand, type ServerIdentity, StackError } from "@lastknown/stack";
import { ensureGoTool } from "../go-tools/ensure-go-tool.js";
import { type GoTool, goTools } from "../go-tools/go-tools.js";
import { ensureSchemas, type KindSchemas } from "../schemas/ensure-schemas.js";
import type { ServerCommands } from "./server-launches.js";
import { type RunningApiServer, startApiServer } from "./start-api-server.js";

/** What the tests of manifests need, found or made. */
export interface TestTools extends ServerCommands {
  readonly kubectl: string;
  readonly kustomize: string;
  readonly kubeconform: string;
  readonly schemas: KindSchemas;
}

/** A running API server that knows the operators' kinds, and the variables by which the tests find it. */
export interface TestCluster {
  readonly environment: Readonly<Record<string, string>>;
  readonly stop: () => Promise<void>;
}

const APPLY_BOUND_MS = 2 * 60_000;

/**
 * Finds or builds every tool, starts an API server, and adds the operators' kinds to it.
 * @throws StackError `tools-missing` naming what has to be installed; `download`, `start`, `timeout`
 */
export async function startTestCluster(
  onProgress: OnProgress,
  watched: ServerIdentity | null,
): Promise<TestCluster> {
  const tools = await ensureTestTools(onProgress);
  const server = await startApiServer({ commands: tools, onProgress, watched });
  try {
    await addOperatorsKinds(tools, server);
  } catch (error) {
    await server.stop();
    throw error;
  }
  return {
    environment: {
      ...server.environment,
      LASTKNOWN_TEST_ETCD: tools.etcd,
      LASTKNOWN_TEST_KUBE_APISERVER: tools.kubeApiServer,
      LASTKNOWN_TEST_KUBECTL: tools.kubectl,
      LASTKNOWN_TEST_KUSTOMIZE: tools.kustomize,
      LASTKNOWN_TEST_KUBECONFORM: tools.kubeconform,
      LASTKNOWN_TEST_SCHEMA_LOCATION: tools.schemas.schemaLocation,
    },
    stop: server.stop,
  };
}

/** One after the other: each build takes all cores. */
async function ensureTestTools(onProgress: OnProgress): Promise<TestTools> {
  const ensure = (tool: GoTool): Promise<string> => ensureGoTool(tool, { onProgress });
  return {
    kubeApiServer: await ensure(goTools.kubeApiServer),
    etcd: await ensure(goTools.etcd),
    kubectl: await ensure(goTools.kubectl),
    kustomize: await ensure(goTools.kustomize),
    kubeconform: await ensure(goTools.kubeconform),
    schemas: await ensureSchemas(onProgress),
  };
}

async function addOperatorsKinds({ kubectl, schemas }: TestTools, server: RunningApiServer): Promise<void> {
  const kubectlDoes = async (args: readonly string[]): Promise<void> => {
    const env = { ...process.env, ...server.environment };
    const { exitCode, stderr } = await runCommand(kubectl, args, { boundMs: APPLY_BOUND_MS, env });
    if (exitCode === 0) return;
    throw new StackError("start", `kubectl ${args.join(" ")} failed:\n${stderr.toString("utf8").trim()}`);
  };
  // By the server: some definitions are too long for what kubectl would write into an annotation.
  await kubectlDoes(["apply", "--server-side", "-f", schemas.definitionFolder]);
  const established = ["wait", "--for=condition=Established", "--timeout=60s"];
  await kubectlDoes([...established, "-f", schemas.definitionFolder]);
}
