/** The time-outs of the settings by which a fault is noticed, in ms. What no fault sets is what the stack sets. */

/** A dead worker's partitions are to be given away soon, as these runs are many. */
export const WORKER_SESSION_MS = 6_000;
/** `broker.session.timeout.ms`: the controller gives the partitions of a silent broker to others. */
export const BROKER_SESSION_MS = 3_000;
/** `cluster-node-timeout`: the other nodes take a silent one for dead, and its replica takes over. */
export const REDIS_NODE_MS = 2_000;
