/** Arrivals per page, and pages at most: more would not be told apart in a plot. */
const PAGE_LIMIT = 1000;
const PAGES_MAX = 5;

/** What the service says when it does not answer: RFC 9457, in words. */
export class Problem extends Error {
  constructor(title, detail, status) {
    super(`${title}: ${detail}`);
    this.status = status;
  }
}

/**
 * Asks the API about one user.
 *
 * @param {string} user
 * @param {AbortSignal} signal
 */
export function questionsAbout(user, signal) {
  // By ?id= any id can be asked for, also those that a path cannot carry.
  const ask = (call, query = {}) =>
    askFor(`/v1/users/-${call}?${new URLSearchParams({ id: user, ...query })}`, signal);
  return {
    latest: () => ask(""),
    explanation: () => ask("/explain"),
    history: () => wholeHistory((query) => ask("/history", query)),
  };
}

/** The first arrivals by source offset; `isWhole` tells whether these are all. */
async function wholeHistory(ask) {
  const items = [];
  let cursor = null;
  for (let page = 0; page < PAGES_MAX; page++) {
    const answer = await ask({ limit: PAGE_LIMIT, ...(cursor === null ? {} : { cursor }) });
    items.push(...answer.items);
    ({ cursor } = answer);
    if (cursor === null) break;
  }
  return { items, isWhole: cursor === null };
}

async function askFor(url, signal) {
  let response;
  try {
    response = await fetch(url, { signal, headers: { accept: "application/json" } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("The query service does not answer", "it is away, or the connection to it", 0);
  }
  const body = await response.json().catch(() => undefined);
  if (response.ok && body !== undefined) return body;
  throw new Problem(
    body?.title ?? "The answer cannot be read",
    body?.detail ?? `status ${response.status}`,
    response.status,
  );
}
