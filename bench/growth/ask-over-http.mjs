import { HttpConnection } from "../visibility/http-connection.mjs";
import { spreadOf } from "../report/spread.mjs";
import { tookMs } from "./took-ms.mjs";

/**
 * Asks over one connection, one question at a time.
 * @param {number} port of the query service
 * @param {Record<string, () => string>} kinds kind of question → the path of another one of it
 * @returns ms that answers took, by kind
 */
export async function askOverHttp(port, kinds) {
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
