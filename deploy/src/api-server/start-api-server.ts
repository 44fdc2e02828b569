import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  freePorts,
  type OnProgress,
  type ServerIdentity,
  slowStep,
  StackError,
  TemporaryServers,
  waitUntil,
} from "@lastknown/stack";
import { makeCredentials, writeKubeconfig } from "./credentials.js";
import { apiServerLacks } from "./ready.js";
import { etcdLaunch, kubeApiServerLaunch, type ServerCommands } from "./server-launches.js";

export interface StartApiServerOptions {
  readonly commands: ServerCommands;
  readonly onProgress: OnProgress;
  /** It goes when this program does, too: `parentToWatch()` for npm. */
  readonly watched: ServerIdentity | null;
}

/** An API server that a kubectl can be pointed at: `KUBECONFIG`, and `KUBECACHEDIR` for what kubectl keeps. */
export interface RunningApiServer {
  readonly environment: { readonly KUBECONFIG: string; readonly KUBECACHEDIR: string };
  /** All that is written lies in here. */
  readonly directory: string;
  /** Name → pid of etcd and the API server. */
  readonly running: () => Readonly<Record<string, number>>;
  /** Ends both and removes what they kept. */
  readonly stop: () => Promise<void>;
}

const PORT_ATTEMPTS_MAX = 4;
const READY_BOUND_MS = 3 * 60_000;

/**
 * Starts etcd and an API server on loopback and free ports, and resolves when it is ready. Both are gone after
 * `stop`, and however the program ends that started them. There is nothing else of a cluster: no controller, no
 * scheduler, no node. So a Deployment is kept and judged, and makes no Pods.
 * @throws StackError `start` or `timeout`, with the end of the log of the server that is to blame
 */
export async function startApiServer(options: StartApiServerOptions): Promise<RunningApiServer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await slowStep(options.onProgress, "starting etcd and the API server", () => startOnce(options));
    } catch (error) {
      const again = error instanceof StackError && error.code === "port-taken" && attempt < PORT_ATTEMPTS_MAX;
      if (!again) throw error;
      options.onProgress("a port was taken meanwhile: once more, on others");
    }
  }
}

async function startOnce({ commands, watched }: StartApiServerOptions): Promise<RunningApiServer> {
  const servers = await TemporaryServers.open("lastknown-api-server-", watched);
  const { directory } = servers;
  try {
    const [etcdClients = 0, etcdPeers = 0, api = 0] = await freePorts(3);
    const ports = { etcdClients, etcdPeers, api };
    const credentials = await makeCredentials(directory);
    servers.launch("etcd", etcdLaunch(commands.etcd, ports, directory));
    servers.launch("kube-apiserver", kubeApiServerLaunch(commands.kubeApiServer, ports, credentials));
    await waitUntil({
      what: "the API server is ready",
      boundMs: READY_BOUND_MS,
      lacking: () => apiServerLacks(api, credentials),
      stillPossible: () => servers.assertAllRun(),
    });
    const cache = join(directory, "kubectl-cache");
    await mkdir(cache);
    const kubeconfig = await writeKubeconfig(directory, api, credentials);
    return {
      environment: { KUBECONFIG: kubeconfig, KUBECACHEDIR: cache },
      directory,
      running: () => servers.running,
      stop: () => servers.stop(),
    };
  } catch (error) {
    await servers.stop();
    throw error;
  }
}
