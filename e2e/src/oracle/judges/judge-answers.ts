import type { Source } from "../event/arrival.js";
import { printMoment } from "../file/moment.js";
import { compareOrders } from "../meaning/order.js";
import { answer, type JudgedArrival, type Question, type Timeline } from "../meaning/timeline.js";
import { AnswersClient, type Answer, type AnsweredEvent } from "./answers-client.js";
import {
  answeredEvent,
  answeredItem,
  answeredSource,
  expectedEvent,
  expectedItem,
} from "./expected-answer.js";
import { forEachAtOnce } from "./for-each-at-once.js";
import { type Judgement, Tally } from "./judgement.js";
import { randomQuestions } from "./questions.js";

export interface JudgeAnswersOptions {
  /** Of the query service, e.g. `http://127.0.0.1:8080`. */
  readonly baseUrl: string;
  /** How many random as-of questions to ask; 2,000 by default. */
  readonly questions?: number;
  /** The same seed asks the same questions; 1 by default. */
  readonly seed?: number;
  /** Requests under way at once; 8 by default. */
  readonly requestsAtOnce?: number;
  /** Items per page of a history; 500 by default. */
  readonly pageItems?: number;
  /** Told after each user and question how many arrivals, users and questions are judged. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface AnswersJudgement {
  /** One check per arrival: its history item with its verdict and flags. */
  readonly history: Judgement;
  /** One check per user: the latest. */
  readonly latest: Judgement;
  /** One check per random question. */
  readonly asOf: Judgement;
}

/** Holds everything that the query service says against the recomputed timelines, over HTTP alone. */
export async function judgeAnswers(
  timelines: ReadonlyMap<string, Timeline>,
  options: JudgeAnswersOptions,
): Promise<AnswersJudgement> {
  const client = new AnswersClient(options.baseUrl);
  const requestsAtOnce = options.requestsAtOnce ?? 8;
  const questions = randomQuestions(timelines, options.questions ?? 2_000, options.seed ?? 1);
  const arrivals = [...timelines.values()].reduce((sum, timeline) => sum + timeline.arrivals.length, 0);
  const total = arrivals + timelines.size + questions.length;
  let done = 0;
  const progress = (count: number): void => {
    done += count;
    options.onProgress?.(done, total);
  };

  const [history, latest, asOf] = [new Tally(), new Tally(), new Tally()];
  await forEachAtOnce(requestsAtOnce, timelines.values(), async (timeline) => {
    const sources = judgeHistory(
      timeline,
      await client.history(timeline.user, options.pageItems ?? 500),
      history,
    );
    judgeAnswer({ timeline, question: {}, answered: await client.ask(timeline.user), sources }, latest);
    progress(timeline.arrivals.length + 1);
  });
  await forEachAtOnce(requestsAtOnce, questions, async ({ timeline, question }) => {
    judgeAnswer({ timeline, question, answered: await client.ask(timeline.user, question) }, asOf);
    progress(1);
  });
  return { history: history.judgement, latest: latest.judgement, asOf: asOf.judgement };
}

/** Gives the sources of the items, in the order of the arrivals. */
function judgeHistory(
  timeline: Timeline,
  items: readonly AnsweredEvent[],
  tally: Tally,
): (Source | undefined)[] {
  const sources = items.map(answeredSource);
  const count = Math.max(timeline.arrivals.length, items.length);
  for (let index = 0; index < count; index++) {
    const where = `history of ${timeline.user}, item ${index}`;
    const [judged, item] = [timeline.arrivals[index], items[index]];
    if (judged === undefined || item === undefined) {
      tally.fail(where, judged && expectedItem(judged), item && answeredItem(item));
      continue;
    }
    const inOrder = inSourceOrder(judged, sources[index], sources[index - 1], index);
    tally.check(where, { ...expectedItem(judged), inOrder: true }, { ...answeredItem(item), inOrder });
  }
  return sources;
}

/** Whether an item names its own record, if that is known, and stands after the item before it. */
function inSourceOrder(
  { arrival }: JudgedArrival,
  source: Source | undefined,
  before: Source | undefined,
  index: number,
): boolean {
  if (source === undefined) return false;
  if (arrival.source !== undefined) {
    return source.partition === arrival.source.partition && source.offset === arrival.source.offset;
  }
  return index === 0 || (source.partition === before?.partition && source.offset > before.offset);
}

interface Asked {
  readonly timeline: Timeline;
  readonly question: Question;
  readonly answered: Answer;
  /** Where each arrival's record stands, as far as known. */
  readonly sources?: readonly (Source | undefined)[];
}

function judgeAnswer({ timeline, question, answered, sources }: Asked, tally: Tally): void {
  const winner = answer(timeline, question);
  const where = `${timeline.user} ${printQuestion(question)}`;
  const said = saysHowFresh(answered);
  if (winner === undefined || answered.status !== 200) {
    const expected = { status: winner === undefined ? 404 : 200, saysHowFresh: true };
    tally.check(where, expected, { status: answered.status, saysHowFresh: said });
    return;
  }
  const body = answered.body as AnsweredEvent;
  const expected = { ...expectedEvent(winner), namesARecordOfIt: true, saysHowFresh: true };
  const namesARecordOfIt = sources === undefined || namesRecordOf(winner, timeline, sources, body);
  tally.check(where, expected, { ...answeredEvent(body), namesARecordOfIt, saysHowFresh: said });
}

/** The winner may have been sent again exactly: its source is any of those records. */
function namesRecordOf(
  winner: JudgedArrival,
  timeline: Timeline,
  sources: readonly (Source | undefined)[],
  body: AnsweredEvent,
): boolean {
  const named = answeredSource(body);
  return timeline.arrivals.some(({ order }, index) => {
    const source = sources[index];
    const same = source?.partition === named?.partition && source?.offset === named?.offset;
    return named !== undefined && same && compareOrders(order, winner.order) === 0;
  });
}

function saysHowFresh({ headers }: Answer): boolean {
  const source = headers.get("x-data-source") ?? "";
  const lag = headers.get("x-data-lag-seconds") ?? "";
  return /^(redis|view)$/.test(source) && /^(\d+(\.\d+)?|unknown)$/.test(lag);
}

function printQuestion({ at, knownAt }: Question): string {
  const parts = [at && `at=${printMoment(at)}`, knownAt && `knownAt=${printMoment(knownAt)}`].filter(Boolean);
  return parts.length === 0 ? "latest" : parts.join("&");
}
