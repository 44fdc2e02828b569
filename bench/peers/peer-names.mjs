/** In the order of the table, and in which they drain in the first run. */
export const PEER_NAMES = ["lastknown", "plain", "pipeline", "bento", "bento-batch", "streams"];

/** How figures name the process of one that is not ours. */
export const PEER_ROLE = "peer";
