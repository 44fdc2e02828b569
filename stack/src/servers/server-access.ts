import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { SecurityFolder } from "../security/security-folder.js";
import { HOST, type StackState } from "../stack-layout.js";

/** How the stack itself speaks to its servers: in the clear, or as their administrator where they are secured. */
export interface ServerAccess {
  /** PEM. The certificate is for the brokers, which tell by it who asks. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly redisLogin?: ServerLogin;
  readonly registryLogin?: ServerLogin;
}

export interface ServerLogin {
  readonly username: string;
  readonly password: string;
}

export const IN_THE_CLEAR: ServerAccess = {};

export function accessTo(directory: string, { layout }: StackState): ServerAccess {
  return layout.security === undefined ? IN_THE_CLEAR : new SecurityFolder(directory).access();
}

/** @param onReady called when the server is known to be the one that is meant, and may be told secrets */
export function openSocket(port: number, { tls }: ServerAccess, onReady: (socket: Socket) => void): Socket {
  const place = { port, host: HOST };
  const socket = tls === undefined ? connectTcp(place) : connectTls({ ...place, ...tls });
  return socket.once(tls === undefined ? "connect" : "secureConnect", () => onReady(socket));
}
