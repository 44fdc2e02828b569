import type { FastifyDynamicSwaggerOptions } from "@fastify/swagger";

/** The description of the API: its routes and shapes come from the routes themselves. */
export const openApiOptions: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: "3.1.0",
    info: {
      title: "lastknown",
      version: "1",
      description:
        "What each user's state is now, what it was at any moment, and how we know. Every response says in X-Data-Source which store answered, and in X-Data-Lag-Seconds how long the oldest record of the user's partition that this store lacks has waited (0: it lacks none; unknown: that cannot be known). Every error is application/problem+json (RFC 9457).",
    },
  },
};
