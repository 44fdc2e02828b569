import { HttpConnection } from "../visibility/http-connection.mjs";
import { spreadOf } from "../report/spread.mjs";
import { tookMs } from "./took-ms.mjs";

/**
 * Asks over one connection, one question at a time.
 * @param {number} port of the query service
 * @param {{ user: () => string, moment: () => string }} about whom to ask next, and as of when
 * @returns ms that answers took, by kind
 */
export async function askOverHttp(port, { user, moment }) {
  const path = () => `/v1/users/${user()}`;
  const kinds = {
    latest: path,
    at: () => `${path()}?at=${moment()}`,
    both: () => `${path()}?at=${moment()}&knownAt=${moment()}`,
    history: () => `${path()}/history?limit=20`,
  };
  const connection = await HttpConnection.open(port);
  const answers = {};
  try {
    for (const [kind, pathOf] of Object.entries(kinds)) {
      const all = await tookMs(async () => {
        const status = await connection.ask(pathOf());
        if (status !== 200 && status !== 404) throw new Error(`${kind} was answered with ${status}`);
      });
      answers[kind] = spreadOf(all);
    }
  } finally {
    connection.close();
  }
  return answers;
}
