import type { CheckResult, ReadyCheck } from "@lastknown/shared";
import type { ViewKeeper } from "../folding/view-keeper.js";
import { LatestUnavailableError, type LatestStates } from "../latest/latest-states.js";

export interface ReadyChecksOptions {
  readonly latest: Pick<LatestStates, "probe">;
  readonly keeper: Pick<ViewKeeper, "ready">;
  /** How long after the start a view that has not caught up keeps the service out. */
  readonly graceMs: number;
  readonly upForMs: () => number;
}

/**
 * Ready is who can answer `latest`, and in the first minutes also from the view: so that a rolling update waits for
 * each replica's view, while one that never catches up does not take the latest states away for ever.
 */
export function readyChecks(options: ReadyChecksOptions): Record<string, ReadyCheck> {
  return { latest: () => latestProblem(options), view: () => viewProblem(options) };
}

/** The servers by their names: the service goes on without either, from what the other gave. */
export function serverChecks({
  latest,
  hasSeenLogs,
}: Pick<ReadyChecksOptions, "latest"> & { readonly hasSeenLogs: () => boolean }): Record<
  "kafka" | "redis",
  () => Promise<CheckResult>
> {
  return {
    kafka: async () => await Promise.resolve(hasSeenLogs() ? undefined : "its topics cannot be looked at"),
    redis: async () =>
      await latest.probe().then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      ),
  };
}

async function latestProblem({ latest, keeper }: ReadyChecksOptions): Promise<CheckResult> {
  try {
    await latest.probe();
    return undefined;
  } catch (error) {
    if (!(error instanceof LatestUnavailableError)) throw error;
    return typeof keeper.ready() === "string"
      ? `neither Redis nor the view can answer: ${error.message}`
      : undefined;
  }
}

function viewProblem({ keeper, graceMs, upForMs }: ReadyChecksOptions): CheckResult {
  const ready = keeper.ready();
  return typeof ready === "string" && upForMs() < graceMs ? ready : undefined;
}
