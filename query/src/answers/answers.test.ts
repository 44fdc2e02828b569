import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { newFleetRecord, silentLogger } from "@lastknown/shared";
import { Freshness } from "../freshness/freshness.js";
import { MemoryLatestStates } from "../latest/memory-latest-states.js";
import { arrivalFor, batchOf, TEST_SCHEMA, TEST_SCHEMA_ID, TEST_SKEW } from "../view/arrival-for-test.js";
import { MemoryViewStore } from "../view/memory/memory-view-store.js";
import { ViewDamagedError, type FoldPosition } from "../view/view-store.js";
import { Answers, type ReadyView } from "./answers.js";
import { OpenQuestions } from "./open-questions.js";
import { ViewAnswers } from "./view-answers.js";

const FLEET = newFleetRecord(1, TEST_SKEW);

function answersOf(
  view: () => ReadyView | string,
  store: MemoryViewStore,
  questions = new OpenQuestions(),
): Answers {
  const freshness = new Freshness({
    tracker: {
      positions: undefined,
      track: () => {
        throw new Error("nothing is known of the logs");
      },
    },
    reader: undefined as never,
    eventsTopic: "f.events",
    partitions: 1,
    view: () => undefined,
  });
  const viewLagOf = async (): Promise<number> => {
    await nextTurn();
    store.position(0);
    return 0;
  };
  Object.assign(freshness, { viewLagOf, worstViewLag: viewLagOf });
  return new Answers({
    latest: new MemoryLatestStates(),
    view,
    freshness,
    partitions: 1,
    questions,
    logger: silentLogger,
  });
}

function viewOf(store: MemoryViewStore): ReadyView {
  store.fold({
    ...batchOf([arrivalFor({ user: "bus", offset: 0 })]),
    schemas: [{ schemaId: TEST_SCHEMA_ID, text: TEST_SCHEMA.text }],
  });
  return { answers: new ViewAnswers({ store, fleet: FLEET, eventsTopic: "f.events" }) };
}

describe("a view that is asked", () => {
  test("answers", async () => {
    const store = new MemoryViewStore();
    const view = viewOf(store);
    const { content } = await answersOf(() => view, store).state("bus", {});
    expect(content).toMatchObject({ user: "bus", source: { offset: 0 } });
  });

  test.each([
    ["closed", (store: MemoryViewStore) => void Object.assign(store, { position: closed, byOrder: closed })],
    ["emptied", (store: MemoryViewStore) => store.clear()],
  ])("and is %s meanwhile does not answer", async (_how, change: (store: MemoryViewStore) => void) => {
    const store = new MemoryViewStore();
    let view: ReadyView | string = viewOf(store);
    const answers = answersOf(() => view, store);
    const asked = [
      answers.state("bus", {}),
      answers.history({ user: "bus", limit: 1 }),
      answers.users({ limit: 1 }),
    ];
    change(store);
    view = "the view is not open yet";
    for (const result of await Promise.allSettled(asked)) {
      expect(result).toMatchObject({
        reason: { code: "view-not-ready", message: "the view is not open yet" },
      });
    }
  });

  test("and is opened anew meanwhile does not answer either", async () => {
    const store = new MemoryViewStore();
    let view = viewOf(store);
    const asked = answersOf(() => view, store).state("bus", {});
    view = viewOf(new MemoryViewStore());
    await expect(asked).rejects.toMatchObject({ code: "view-not-ready" });
  });

  test("and is found damaged as its lag is looked up says so", async () => {
    class DamagedStore extends MemoryViewStore {
      found: ViewDamagedError | undefined;

      override position(): FoldPosition {
        this.found = new ViewDamagedError("a page is not what it was");
        throw this.found;
      }
    }
    const store = new DamagedStore();
    const view = { answers: new ViewAnswers({ store, fleet: FLEET, eventsTopic: "f.events" }) };
    const answers = answersOf(() => store.found?.message ?? view, store);
    await expect(answers.state("bus", {})).rejects.toMatchObject({
      code: "view-not-ready",
      message: "the view is damaged: a page is not what it was",
    });
  });
});

describe("a question", () => {
  const moment = { at: 1, knownAt: undefined };
  test.each<[string, (answers: Answers) => Promise<unknown>]>([
    ["latest", (answers) => answers.latest("bus")],
    ["state", (answers) => answers.state("bus", moment)],
    ["history", (answers) => answers.history({ user: "bus", limit: 1 })],
    ["explain", (answers) => answers.explain({ user: "bus", moment, limit: 1 })],
    ["users", (answers) => answers.users({ limit: 1 })],
  ])("for %s is open until it is answered", async (_kind, ask) => {
    const store = new MemoryViewStore();
    const view = viewOf(store);
    const questions = new OpenQuestions();
    const isOpen = (): boolean => questions.hadWithin(-1);
    const asked = ask(answersOf(() => view, store, questions));
    expect(isOpen()).toBe(true);
    await Promise.allSettled([asked]);
    expect(isOpen()).toBe(false);
  });
});

function closed(): never {
  throw new Error("Can not renew a transaction from a closed database");
}
