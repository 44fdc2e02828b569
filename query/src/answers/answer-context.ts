import { LATEST_MICROS, type FleetRecord } from "@lastknown/shared";
import type { SchemaCopies } from "../view/schema-copies.js";
import type { ViewStore } from "../view/view-store.js";

/** What answers are drawn from. */
export interface AnswerContext {
  readonly store: ViewStore;
  readonly schemas: SchemaCopies;
  readonly fleet: FleetRecord;
  readonly eventsTopic: string;
}

/** No bound: every legal time is at most this. */
export const WHOLE_ORDER = { orderTimeMax: LATEST_MICROS } as const;
