import type { Scenario } from "./fault.js";
import {
  hangCoordinator,
  hangLeader,
  killController,
  killCoordinator,
  killLeader,
  moveLeaders,
  stopAll,
} from "./faults/broker-faults.js";
import { setClock } from "./faults/clock-faults.js";
import { fullBroker, fullView, VIEW_DISK_BYTES } from "./faults/disk-faults.js";
import { dieBetweenSteps } from "./faults/failpoint-faults.js";
import { redisAway } from "./faults/long-wait-faults.js";
import {
  cutOneWay,
  cutReplication,
  dropProduceAnswers,
  dropScriptAnswers,
  resetConnections,
  slowNetwork,
} from "./faults/network-faults.js";
import {
  emptyAll,
  failOver,
  hangMaster,
  killMaster,
  loseAcknowledged,
  reshard,
  restoreOld,
} from "./faults/redis-faults.js";
import { growToFour, ROWS_PER_SECOND, shrinkToTwo } from "./faults/scaling-faults.js";
import { downAtStart, emptyRegistry, restartRegistry } from "./faults/registry-faults.js";
import {
  freezePastSession,
  killDuringRebalance,
  killOne,
  killTwo,
  rollingStop,
  scale,
} from "./faults/worker-faults.js";

/** Everything that is broken, each group in a fleet of its own. */
export const scenarios: readonly Scenario[] = [
  {
    name: "workers",
    workers: 4,
    faults: [
      killOne,
      killTwo,
      killDuringRebalance,
      ...dieBetweenSteps,
      freezePastSession,
      rollingStop,
      scale,
    ],
  },
  {
    name: "brokers",
    losesAcknowledgements: true,
    faults: [killLeader, killCoordinator, killController, stopAll, hangLeader, hangCoordinator, moveLeaders],
  },
  {
    name: "redis",
    faults: [killMaster, loseAcknowledged, hangMaster, emptyAll, restoreOld, reshard, failOver],
  },
  {
    name: "network",
    isProxied: true,
    losesAcknowledgements: true,
    faults: [
      slowNetwork,
      resetConnections,
      ...cutOneWay,
      dropProduceAnswers,
      dropScriptAnswers,
      cutReplication,
    ],
  },
  { name: "clock", faults: setClock },
  {
    name: "disk",
    losesAcknowledgements: true,
    viewDiskBytes: VIEW_DISK_BYTES,
    faults: [fullBroker, fullView],
  },
  { name: "registry", faults: [downAtStart, restartRegistry, emptyRegistry] },
  { name: "long wait", faults: [redisAway] },
  {
    name: "scaling",
    workers: 1,
    rowsPerSecond: ROWS_PER_SECOND,
    isInOrder: true,
    // What is measured are the workers, on a machine that carries all of it.
    servers: { brokers: 1, redisNodes: 3 },
    faults: [growToFour, shrinkToTwo],
  },
];
