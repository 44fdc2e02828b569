import type { FastifyReply } from "fastify";
import type { Answer } from "../answers/answer.js";
import type { Answers } from "../answers/answers.js";
import { explanationBody, judgedStateBody, metaBody, stateBody } from "./answer-bodies.js";
import { limitOf, LOSERS_LIMIT, momentOf, PAGE_LIMIT, timeOf, userOf, verdictOf } from "./parameters.js";
import { provenanceHeaders } from "./provenance-headers.js";
import { storeResponses } from "./responses.js";
import type { RouteServer } from "./route-server.js";
import * as schemas from "./schemas.js";

/** Everything under /v1/users. */
export function addUserRoutes(server: RouteServer, answers: Answers): void {
  addUserRoute(server, answers);
  addHistoryRoute(server, answers);
  addExplainRoute(server, answers);
  addUsersRoute(server, answers);
}

function addUserRoute(server: RouteServer, answers: Answers): void {
  const schema = {
    summary: "The latest state, or with at and knownAt the state at a moment",
    params: schemas.UserPath,
    querystring: schemas.MomentQuery,
    response: storeResponses(schemas.State),
  };
  server.get("/v1/users/:user", { schema }, async ({ params, query }, reply) => {
    const user = userOf(params.user, query);
    const moment = momentOf(query);
    const isLatest = moment.at === undefined && moment.knownAt === undefined;
    const answer = isLatest ? await answers.latest(user) : await answers.state(user, moment);
    return withProvenance(reply, answer, stateBody(answer.content));
  });
}

function addHistoryRoute(server: RouteServer, answers: Answers): void {
  const schema = {
    summary: "The arrivals in the order of their source offsets, each with what it did to the state",
    params: schemas.UserPath,
    querystring: schemas.HistoryQuery,
    response: storeResponses(schemas.HistoryPage),
  };
  server.get("/v1/users/:user/history", { schema }, async ({ params, query }, reply) => {
    const user = userOf(params.user, query);
    const [from, to] = [timeOf(query, "from"), timeOf(query, "to")];
    const [verdict, limit] = [verdictOf(query), limitOf(query, PAGE_LIMIT)];
    const answer = await answers.history({ user, from, to, verdict, limit, cursor: query.cursor });
    const { items, cursor } = answer.content;
    return withProvenance(reply, answer, { items: items.map(judgedStateBody), cursor });
  });
}

function addExplainRoute(server: RouteServer, answers: Answers): void {
  const schema = {
    summary: "Which arrival won at a moment, which lost to it and why",
    params: schemas.UserPath,
    querystring: schemas.ExplainQuery,
    response: storeResponses(schemas.Explanation),
  };
  server.get("/v1/users/:user/explain", { schema }, async ({ params, query }, reply) => {
    const [user, moment] = [userOf(params.user, query), momentOf(query)];
    const answer = await answers.explain({ user, moment, limit: limitOf(query, LOSERS_LIMIT) });
    return withProvenance(reply, answer, explanationBody(answer.content));
  });
}

function addUsersRoute(server: RouteServer, answers: Answers): void {
  const schema = {
    summary: "Who is known, in the order of the ids' bytes",
    querystring: schemas.UsersQuery,
    response: storeResponses(schemas.UsersPage),
  };
  server.get("/v1/users", { schema }, async ({ query }, reply) => {
    const answer = await answers.users({ limit: limitOf(query, PAGE_LIMIT), cursor: query.cursor });
    const items = answer.content.users.map((user) => ({ user }));
    return withProvenance(reply, answer, { items, cursor: answer.content.cursor });
  });
}

/** Sets the headers and puts the same into the body, for those who keep only that. */
function withProvenance<Body extends object>(reply: FastifyReply, answer: Answer<unknown>, body: Body) {
  reply.headers(provenanceHeaders(answer));
  return { ...body, meta: metaBody(answer) };
}
