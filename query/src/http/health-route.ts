import { Type, type Static } from "typebox";
import { responses } from "./responses.js";
import type { RouteServer } from "./route-server.js";
import { NoQuery } from "./schemas.js";

const nullable = <Schema extends ReturnType<typeof Type.Integer> | ReturnType<typeof Type.Number>>(
  schema: Schema,
  description: string,
) => Type.Union([schema, Type.Null()], { description });

const HealthSchema = Type.Object({
  fleet: Type.String(),
  latest: Type.Object({ reachable: Type.Boolean({ description: "whether Redis answers" }) }),
  view: Type.Object({
    state: Type.String({ description: "opening, connecting, catching-up, running, stopped" }),
    hasCaughtUp: Type.Boolean({ description: "whether the view can be asked" }),
    lagRecords: nullable(Type.Integer(), "audit records not yet in the view; null if that cannot be known"),
    lagSeconds: nullable(Type.Number(), "the worst partition's; null if that cannot be known"),
    unreadableRecords: Type.Integer({ description: "audit records that were left out since the start" }),
  }),
});

/** What /health shows: for people and for `lastknown lag`. Probes use the operations port. */
export type Health = Static<typeof HealthSchema>;

export function addHealthRoute(server: RouteServer, health: () => Promise<Health>): void {
  const schema = {
    summary: "How the service and its view stand",
    querystring: NoQuery,
    response: responses(HealthSchema),
  };
  server.get("/health", { schema }, async () => await health());
}
