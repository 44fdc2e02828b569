import { appendSnapshot } from "./status-columns.js";
import { StatusSource } from "./status-source.js";

/** The tabs that are looked at; while there are none, there is no stream. */
const tabs = new Set();
/** As the service would tell it now, for a tab that comes later; undefined while the stream is not there. */
let columns;
let isLost = false;

const source = new StatusSource({
  onHistory: (history) => {
    columns = history;
    isLost = false;
    tell({ history });
  },
  onSnapshot: (snapshot) => {
    appendSnapshot(columns, snapshot);
    tell({ snapshot });
  },
  onLost: () => {
    columns = undefined;
    isLost = true;
    tell({ isLost });
  },
});

globalThis.addEventListener("connect", ({ ports: [port] }) => {
  tabs.add(port);
  port.addEventListener("message", () => leave(port));
  port.start();
  if (columns !== undefined) port.postMessage({ history: columns });
  if (isLost) port.postMessage({ isLost });
  source.open();
});

function leave(port) {
  tabs.delete(port);
  if (tabs.size > 0) return;
  source.close();
  columns = undefined;
  isLost = false;
}

function tell(news) {
  for (const port of tabs) port.postMessage(news);
}
