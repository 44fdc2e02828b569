import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** A port before a server: open, it passes all bytes on; shut, it refuses connections as a dead server does. */
export class ServerGate {
  readonly #host: string;
  readonly #targetPort: number;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  /** Kept while shut, so that the gate opens again where it was. */
  #port = 0;

  private constructor(target: URL) {
    this.#host = target.hostname;
    this.#targetPort = Number(target.port);
  }

  static async before(target: URL): Promise<ServerGate> {
    const gate = new ServerGate(target);
    await gate.open();
    return gate;
  }

  get port(): number {
    return this.#port;
  }

  async open(): Promise<void> {
    this.#server = createServer((socket) => this.#passOn(socket)).listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Ends what is connected, too. */
  async shut(): Promise<void> {
    if (this.#server === undefined) return;
    const closed = once(this.#server.close(), "close");
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    this.#server = undefined;
  }

  #passOn(socket: Socket): void {
    const onward = connect(this.#targetPort, this.#host);
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      this.#sockets.add(one);
      one.pipe(other);
      // Either end of a connection may be reset when the gate is shut: then both are gone.
      one.on("error", () => other.destroy());
      one.on("close", () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
  }
}
