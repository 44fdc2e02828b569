/** As many points as the service keeps itself. */
const POINTS_MAX = 900;
/** The service tells once a second: after so long without news the figures are old. */
const SILENT_MS_MAX = 5000;
/** The service refuses who comes beyond its bound, and a browser does not come back by itself then. */
const COME_BACK_MS = 5000;

/**
 * Listens to `/status/stream` for as long as the page is there, and comes back where that breaks off.
 *
 * @param {{ onHistory: (columns: Record<string, (number | null)[]>) => void, onSnapshot: (snapshot: object) => void,
 *   onState: (state: "live" | "lost") => void }} listener
 */
export function listenToStatus({ onHistory, onSnapshot, onState }) {
  let silence;
  const alive = () => {
    clearTimeout(silence);
    silence = setTimeout(() => onState("lost"), SILENT_MS_MAX);
  };
  const open = () => {
    const source = new EventSource("/status/stream");
    source.addEventListener("history", ({ data }) => onHistory(JSON.parse(data)));
    source.addEventListener("snapshot", ({ data }) => {
      alive();
      onState("live");
      onSnapshot(JSON.parse(data));
    });
    source.addEventListener("error", () => {
      onState("lost");
      if (source.readyState === EventSource.CLOSED) setTimeout(open, COME_BACK_MS);
    });
  };
  open();
}

/** The same point as the service adds to its history. */
export function appendSnapshot(columns, { at, rates, lag, freshness }) {
  const { p50Seconds, p95Seconds, p99Seconds } = freshness.lastTenSeconds;
  const { inPerSecond, outPerSecond } = rates;
  const point = {
    at: Date.parse(at) / 1000,
    inPerSecond,
    outPerSecond,
    lagRecords: lag.records,
    lagSeconds: lag.seconds,
    p50Seconds,
    p95Seconds,
    p99Seconds,
  };
  // The history may end with the snapshot that comes next.
  if (columns.at.at(-1) >= point.at) return;
  for (const [column, values] of Object.entries(columns)) {
    values.push(point[column] ?? null);
    if (values.length > POINTS_MAX) values.shift();
  }
}
