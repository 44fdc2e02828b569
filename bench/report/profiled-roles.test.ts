import { expect, it } from "@jest/globals";
import { profiledRoles } from "./profiled-roles.mjs";
import { RUN_OF } from "./test-results.js";

it("tells what an event took", () => {
  expect(profiledRoles(RUN_OF["drain"]!(1))).toHaveProperty(["worker ×1"]);
});

it("tells what a second took at rest", () => {
  const roles = profiledRoles(RUN_OF["idle"]!(1));
  expect(roles["worker ×2"]).toEqual({ microsPerEvent: 40_000, per: "second" });
});

it("tells rebuilds apart, as all are on one fleet", () => {
  const { rebuilds } = RUN_OF["growth"]!(1);
  expect(profiledRoles(rebuilds)).toEqual({
    "query-on-disk": { microsPerEvent: 20, per: "event" },
    "query-on-disk-asked": { microsPerEvent: 20, per: "event" },
    "query-in-memory": { microsPerEvent: 20, per: "event" },
    "worker-of-rebuild": { microsPerEvent: 8, per: "event" },
  });
});
