import { AskBox } from "./ask-box.js";
import { byId, setText } from "./elements.js";
import { showBanner, showMembers, showVerdicts } from "./fleet-panels.js";
import { LagTable } from "./lag-table.js";
import { LivePlots } from "./live-plots.js";
import { appendSnapshot } from "./status-columns.js";
import { listenToStatus } from "./status-stream.js";
import { Tiles } from "./tiles.js";

const tiles = new Tiles(byId("tiles"));
const STATE_TEXTS = {
  live: () => "live",
  paused: (since) => `paused${since}`,
  lost: (since) => `connection lost${since}, trying again`,
};
const plots = new LivePlots(byId("plots"));
const lagTable = new LagTable(byId("lag"));
/** Of the plots; the service gives what was before the page was opened. */
let columns;
let shownAt;

function showSnapshot(snapshot) {
  shownAt = snapshot.at.slice(11, 19);
  setText(byId("fleet"), snapshot.fleet);
  document.title = `${snapshot.budget.state === "broken" ? "⚠ " : ""}${snapshot.fleet} – lastknown`;
  showBanner(snapshot);
  tiles.show(snapshot);
  lagTable.show(snapshot);
  showMembers(snapshot);
  showVerdicts(snapshot);
  appendSnapshot(columns, snapshot);
  plots.show(columns, snapshot.budget.seconds);
}

/** Spoken when it changes, so without the seconds that pass. */
function showState(state) {
  const connection = byId("connection");
  if (connection.dataset.state === state) return;
  connection.dataset.state = state;
  const since = shownAt === undefined ? "" : `, figures of ${shownAt} UTC`;
  setText(connection, STATE_TEXTS[state](since));
  // What nobody follows is not told in the name of a tab either.
  if (state === "paused") document.title = document.title.replace(/^⚠ /, "");
}

listenToStatus({
  onHistory: (history) => (columns = history),
  onSnapshot: showSnapshot,
  onState: showState,
});
new AskBox({ form: byId("ask"), answer: byId("answer") }).start();
