const THOUSANDS = /\B(?=(\d{3})+$)/g;

/** `12,345`, whatever the machine's language. */
export function printCount(count: number): string {
  const [whole = "", fraction] = String(count).split(".");
  const grouped = whole.replace(THOUSANDS, ",");
  return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** `1 row`, `2 rows`. */
export function printCounted(count: number, singular: string, plural = `${singular}s`): string {
  return `${printCount(count)} ${count === 1 ? singular : plural}`;
}

/** A duration in the unit that gives it two or three digits: `0.42 ms`, `12.3 ms`, `1.73 s`, `2 min 5 s`. */
export function printMillis(millis: number): string {
  const size = Math.abs(millis);
  if (size < 1) return `${millis.toFixed(2)} ms`;
  if (size < 100) return `${millis.toFixed(1)} ms`;
  if (size < 1000) return `${millis.toFixed(0)} ms`;
  return printSeconds(millis / 1000);
}

export function printSeconds(seconds: number): string {
  const size = Math.abs(seconds);
  if (size < 10) return `${seconds.toFixed(2)} s`;
  if (size < 120) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(size / 60);
  const sign = seconds < 0 ? "-" : "";
  if (minutes < 120) return `${sign}${minutes} min ${Math.round(size - minutes * 60)} s`;
  return `${sign}${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
