import { join } from "node:path";
import type { TemporaryLaunch } from "@lastknown/stack";
import type { Credentials } from "./credentials.js";

export const HOST = "127.0.0.1";

/** Where the two servers listen. */
export interface ApiServerPorts {
  readonly etcdClients: number;
  readonly etcdPeers: number;
  readonly api: number;
}

/** The commands of the two servers. */
export interface ServerCommands {
  readonly etcd: string;
  readonly kubeApiServer: string;
}

/** Nothing that it keeps has to outlive a crash of the machine, so it does not wait for the disk. */
export function etcdLaunch(command: string, ports: ApiServerPorts, directory: string): TemporaryLaunch {
  const clients = `http://${HOST}:${ports.etcdClients}`;
  const peers = `http://${HOST}:${ports.etcdPeers}`;
  const settings = {
    "data-dir": join(directory, "etcd"),
    "listen-client-urls": clients,
    "advertise-client-urls": clients,
    "listen-peer-urls": peers,
    "initial-advertise-peer-urls": peers,
    "initial-cluster": `default=${peers}`,
    "unsafe-no-fsync": "true",
    "log-level": "warn",
  };
  return { command, args: flags(settings) };
}

/**
 * With all that a cluster's own has by default: RBAC, and the admission of Pods by the Pod Security Standards. Left
 * out is what waits for somebody who is not here: without controllers nobody would ever let go of a claim, and the
 * address of this machine is no endpoint for Pods that never run.
 */
export function kubeApiServerLaunch(
  command: string,
  ports: ApiServerPorts,
  { certificateFolder, serviceAccountKeyFile, tokenFile }: Credentials,
): TemporaryLaunch {
  const settings = {
    "etcd-servers": `http://${HOST}:${ports.etcdClients}`,
    "bind-address": HOST,
    "advertise-address": HOST,
    "secure-port": String(ports.api),
    "cert-dir": certificateFolder,
    "token-auth-file": tokenFile,
    "authorization-mode": "RBAC",
    "service-account-issuer": `https://${HOST}`,
    "service-account-key-file": serviceAccountKeyFile,
    "service-account-signing-key-file": serviceAccountKeyFile,
    "service-cluster-ip-range": "10.0.0.0/24",
    "endpoint-reconciler-type": "none",
    "disable-admission-plugins": "StorageObjectInUseProtection",
  };
  return { command, args: flags(settings) };
}

function flags(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
}
