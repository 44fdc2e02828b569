/** What one proxy has done so far: a fault that did not fire is not seen here. */
export interface ProxyCounts {
  /** Connections that were passed on to the server. */
  connections: number;
  /** New connections that were reset at once, by `refuse`. */
  refused: number;
  /** Connections that this proxy reset, for whatever reason but `refuse`. */
  resets: number;
  bytesToServer: number;
  bytesToClient: number;
  /** Pieces that were held back, and the longest time that one was. */
  delayed: number;
  delayedMsMax: number;
  swallowedBytesToServer: number;
  swallowedBytesToClient: number;
  /** Answers that arrived and were not passed on, so their requests had taken effect. */
  swallowedAnswers: number;
}

export function noCounts(): ProxyCounts {
  return {
    connections: 0,
    refused: 0,
    resets: 0,
    bytesToServer: 0,
    bytesToClient: 0,
    delayed: 0,
    delayedMsMax: 0,
    swallowedBytesToServer: 0,
    swallowedBytesToClient: 0,
    swallowedAnswers: 0,
  };
}
