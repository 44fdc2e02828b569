import { memberMetadata } from "@lastknown/shared";
import kafkajs, { type Assigner, type Broker, type Cluster, type PartitionAssigner } from "kafkajs";

/** Offset to go on from, and a text of ours that is kept beside it. */
export interface PartitionCommit {
  readonly partition: number;
  readonly offset: number;
  readonly note: string;
}

/** What kafkajs's types leave out of a broker: the last step of joining, which tells who joined which generation. */
interface SyncingBroker extends Broker {
  syncGroup(request: { generationId: number; memberId: string }): Promise<unknown>;
}

/**
 * The group's coordinator, over the connections of one kafkajs consumer. kafkajs commits with the newest generation
 * that it knows, whoever asks and however late (hazard K4); so commits are sent here, with the generation of the
 * assignment that made them, and the coordinator refuses those of a former owner.
 *
 * kafkajs gives its cluster to each assigner, which is a thing that it lets its callers bring along. By that the
 * joins are listened to: no event of kafkajs names the generation before the first heartbeat.
 */
export class GroupCoordinator {
  readonly #group: string;
  readonly #sessionTimeoutMs: number;
  #cluster: Cluster | undefined;
  /** Undefined until it was found, and after a fault: then it is looked for again. */
  #coordinator: SyncingBroker | undefined;
  #joined: { readonly generation: number; readonly memberId: string } | undefined;

  constructor(group: string, sessionTimeoutMs: number) {
    this.#group = group;
    this.#sessionTimeoutMs = sessionTimeoutMs;
  }

  /** kafkajs's own round robin, which also says how long we may be silent. To be given to the consumer. */
  get assigner(): PartitionAssigner {
    return (parts) => {
      this.#watch(parts.cluster);
      const assigner = kafkajs.PartitionAssigners.roundRobin(parts);
      const protocol: Assigner["protocol"] = ({ topics }) => {
        return { name: assigner.name, metadata: memberMetadata(topics, this.#sessionTimeoutMs) };
      };
      return { ...assigner, protocol };
    };
  }

  /** Of the join that ended last. */
  get joined(): { readonly generation: number; readonly memberId: string } {
    if (this.#joined === undefined) throw new Error(`nobody has joined group ${this.#group} yet`);
    return this.#joined;
  }

  /** One attempt, bounded in time. Rejects with kafkajs's error where the coordinator refuses or is not there. */
  async commit(
    member: { readonly generation: number; readonly memberId: string },
    topic: string,
    commits: readonly PartitionCommit[],
  ): Promise<void> {
    const cluster = this.#cluster;
    if (cluster === undefined) throw new Error(`group ${this.#group} has no consumer yet`);
    const known = this.#coordinator;
    const coordinator =
      known?.isConnected() === true ? known : await cluster.findGroupCoordinator({ groupId: this.#group });
    const partitions = commits.map(({ partition, offset, note }) => {
      return { partition, offset: String(offset), metadata: note };
    });
    try {
      await coordinator.offsetCommit({
        groupId: this.#group,
        groupGenerationId: member.generation,
        memberId: member.memberId,
        topics: [{ topic, partitions }],
      });
    } catch (error) {
      this.#coordinator = undefined;
      throw error;
    }
  }

  #watch(cluster: Cluster): void {
    this.#cluster = cluster;
    const find = cluster.findGroupCoordinator.bind(cluster);
    cluster.findGroupCoordinator = async (group) => {
      const coordinator = (await find(group)) as SyncingBroker;
      if (this.#coordinator !== coordinator) this.#listen(coordinator);
      return coordinator;
    };
  }

  #listen(coordinator: SyncingBroker): void {
    this.#coordinator = coordinator;
    // An own property hides the class's method, and is told from it when the same broker is found again.
    if (Object.hasOwn(coordinator, "syncGroup")) return;
    const sync = coordinator.syncGroup.bind(coordinator);
    coordinator.syncGroup = async (request) => {
      const answer = await sync(request);
      this.#joined = { generation: request.generationId, memberId: request.memberId };
      return answer;
    };
  }
}
