import type { Socket } from "node:net";
import { type AnswerTrap, KafkaAnswerTrap, PlainAnswerTrap } from "./answer-trap.js";
import type { FaultsInForce, Traffic } from "./faults-in-force.js";
import { Lane } from "./lane.js";
import type { ProxyCounts } from "./proxy-counts.js";

/** A replica says who it is within its first few commands. */
const OPENING_BYTES_MAX = 1024;
const REPLICA_SAYS = /REPLCONF|PSYNC/i;

export interface ProxiedConnectionOptions {
  readonly client: Socket;
  readonly server: Socket;
  readonly protocol: "kafka" | "plain";
  readonly faults: FaultsInForce;
  readonly counts: ProxyCounts;
  readonly onClosed: () => void;
}

/** One connection of a client and the one that stands for it at the server. Both end together. */
export class ProxiedConnection {
  readonly #options: ProxiedConnectionOptions;
  readonly #lanes: readonly Lane[];
  readonly #trap: AnswerTrap;
  #opening = "";
  #traffic: Traffic = "clients";
  #hasTakenDrop = false;
  #hasLostBytes = false;
  #isClosed = false;

  constructor(options: ProxiedConnectionOptions) {
    this.#options = options;
    const { client, server, protocol, faults, counts } = options;
    // What came before the answer, in the same piece, is passed on first.
    const onSwallowed = (): void => void setImmediate(() => this.#answerSwallowed());
    this.#trap = protocol === "kafka" ? new KafkaAnswerTrap(onSwallowed) : new PlainAnswerTrap(onSwallowed);
    this.#lanes = [
      new Lane({
        from: client,
        to: server,
        pass: (piece) => this.#toServer(piece),
        delayMs: () => faults.delayMs("to-server", this.#traffic),
        onDelivered: (bytes, heldMs) => this.#delivered("bytesToServer", bytes, heldMs),
      }),
      new Lane({
        from: server,
        to: client,
        pass: (piece) => this.#toClient(piece),
        delayMs: () => faults.delayMs("to-client", this.#traffic),
        onDelivered: (bytes, heldMs) => this.#delivered("bytesToClient", bytes, heldMs),
      }),
    ];
    for (const socket of [client, server]) {
      // A reset of one end is a reset for the other.
      socket.on("error", () => this.#end("resetAndDestroy"));
      socket.on("close", () => this.#end("destroySoon"));
    }
    counts.connections++;
  }

  get traffic(): Traffic {
    return this.#traffic;
  }

  /** Whether a cut took bytes out of it: were it to go on, its ends would misread each other. */
  get hasLostBytes(): boolean {
    return this.#hasLostBytes;
  }

  /** Both ends see a reset: what is under way is lost. */
  reset(): void {
    if (this.#isClosed) return;
    this.#options.counts.resets++;
    this.#end("resetAndDestroy");
  }

  #toServer(piece: Buffer): Buffer {
    const { faults, counts } = this.#options;
    this.#listenToOpening(piece);
    if (faults.isCut("to-server", this.#traffic)) {
      this.#hasLostBytes = true;
      counts.swallowedBytesToServer += piece.length;
      return piece.subarray(0, 0);
    }
    if (this.#trap.request(piece, faults.drop)) {
      faults.takeDrop();
      this.#hasTakenDrop = true;
    }
    return piece;
  }

  #toClient(piece: Buffer): Buffer {
    const { faults, counts } = this.#options;
    const passed = this.#trap.answer(piece);
    const isCut = faults.isCut("to-client", this.#traffic);
    if (isCut) this.#hasLostBytes = true;
    counts.swallowedBytesToClient += isCut ? piece.length : piece.length - passed.length;
    return isCut ? piece.subarray(0, 0) : passed;
  }

  #answerSwallowed(): void {
    if (this.#isClosed) return;
    this.#hasTakenDrop = false;
    this.#options.counts.swallowedAnswers++;
    this.reset();
  }

  #listenToOpening(piece: Buffer): void {
    if (this.#opening.length >= OPENING_BYTES_MAX) return;
    this.#opening += piece.toString("latin1", 0, OPENING_BYTES_MAX);
    if (REPLICA_SAYS.test(this.#opening)) this.#traffic = "replication";
  }

  #delivered(direction: "bytesToServer" | "bytesToClient", bytes: number, heldMs: number): void {
    const { counts } = this.#options;
    counts[direction] += bytes;
    if (heldMs < 1) return;
    counts.delayed++;
    counts.delayedMsMax = Math.max(counts.delayedMsMax, heldMs);
  }

  /** `destroySoon` lets what was written reach its end first. */
  #end(how: "resetAndDestroy" | "destroySoon"): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#hasTakenDrop) this.#options.faults.returnDrop();
    for (const lane of this.#lanes) lane.close();
    for (const socket of [this.#options.client, this.#options.server]) end(socket, how);
    this.#options.onClosed();
  }
}

/**
 * Node never closes a connection that is reset while its end is on the way, and the program cannot end then: such a
 * one is only closed.
 */
function end(socket: Socket, how: "resetAndDestroy" | "destroySoon"): void {
  const isEnding = socket.writableEnded && !socket.writableFinished;
  if (how === "resetAndDestroy" && isEnding) socket.destroy();
  else socket[how]();
}
