/** Every name that a fleet owns on the servers, all prefixed by its own. */
export interface FleetNames {
  readonly fleet: string;
  readonly eventsTopic: string;
  readonly auditTopic: string;
  readonly deadLetterTopic: string;
  /** The schema registry's subject of the events. */
  readonly eventsSubject: string;
  readonly auditSubject: string;
  /** The consumer group of the workers. */
  readonly workerGroup: string;
}

export function fleetNames(fleet: string): FleetNames {
  return {
    fleet,
    eventsTopic: `${fleet}.events`,
    auditTopic: `${fleet}.audit`,
    deadLetterTopic: `${fleet}.dlq`,
    eventsSubject: `${fleet}.events-value`,
    auditSubject: `${fleet}.audit-value`,
    workerGroup: `${fleet}.worker`,
  };
}
