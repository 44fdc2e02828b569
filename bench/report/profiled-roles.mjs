import { REBUILDERS } from "../growth/rebuilds.mjs";

/**
 * What the processes of one fleet took of which there may be a profile.
 * @param figures of what was measured on it
 * @returns {Record<string, { microsPerEvent: number, per: string }>} how the names of their profiles begin → what they took, and for what
 */
export function profiledRoles({ cost, per = "event", idle, onDisk, onDiskAsked, inMemory, redis }) {
  if (idle !== undefined) return idleRoles(idle);
  if (onDisk === undefined) return eachPer(per, cost.roles);
  return eachPer(per, {
    [REBUILDERS.onDisk]: { microsPerEvent: onDisk.microsPerEvent },
    [REBUILDERS.onDiskAsked]: { microsPerEvent: onDiskAsked.microsPerEvent },
    [REBUILDERS.inMemory]: { microsPerEvent: inMemory.microsPerEvent },
    [REBUILDERS.redis]: { microsPerEvent: redis.microsPerEntry },
  });
}

/** At rest there are no events. */
function idleRoles(idle) {
  const roles = Object.entries(idle).map(([role, { coreShare }]) => [
    role,
    { microsPerEvent: coreShare * 1e6 },
  ]);
  return eachPer("second", Object.fromEntries(roles));
}

function eachPer(per, roles) {
  return Object.fromEntries(Object.entries(roles).map(([role, took]) => [role, { ...took, per }]));
}
