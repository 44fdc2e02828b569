import { pinnedImages } from "./images.js";
import { kedaTriggers } from "./keda.js";
import { deniedByDefault, waysIn, waysToServers } from "./network.js";
import type { Policy } from "./policy.js";
import {
  mountsThatAreThere,
  namesThatAreThere,
  ownPods,
  portsThatFind,
  scriptsThatAreThere,
  selectorsThatFind,
} from "./references.js";
import { boundedResources, portsOfTheCode, probes, spread, timeToStop } from "./running.js";
import { autoscaling, disruptionBudgets, plannedCpu, rolledOverOneByOne } from "./scaling.js";
import { nothingInjected, restrictedNamespaces, restrictedPods } from "./security.js";
import { knownSettings, reachableServers, usedConfiguration } from "./settings.js";
import { plannedTopics, rightsByName } from "./topics.js";

export type { Policy } from "./policy.js";

/** What every overlay has to keep to, by names that a person reads. */
export const policies = {
  restrictedPods,
  nothingInjected,
  restrictedNamespaces,
  pinnedImages,
  boundedResources,
  probes,
  portsOfTheCode,
  timeToStop,
  spread,
  knownSettings,
  reachableServers,
  usedConfiguration,
  ownPods,
  selectorsThatFind,
  portsThatFind,
  namesThatAreThere,
  mountsThatAreThere,
  scriptsThatAreThere,
  deniedByDefault,
  waysToServers,
  waysIn,
  disruptionBudgets,
  rolledOverOneByOne,
  autoscaling,
  plannedCpu,
  kedaTriggers,
  plannedTopics,
  rightsByName,
} satisfies Readonly<Record<string, Policy>>;
