import { make, setText } from "./elements.js";
import { count, seconds, shortMember } from "./formats.js";

/** One row per partition, whose cells change in place. */
export class LagTable {
  #body;
  #rows = [];

  /** @param {HTMLTableElement} table */
  constructor(table) {
    this.#body = table.tBodies[0];
  }

  show({ lag, budget, members }) {
    while (this.#rows.length < lag.partitions.length) this.#addRow(this.#rows.length);
    lag.partitions.forEach((status, index) => {
      const { row, cells } = this.#rows[index];
      const { lagRecords, lagSeconds, committed, end } = status;
      const texts = [
        count(lagRecords),
        seconds(lagSeconds),
        whyOf(status, { budget, members }),
        ownerOf(status, members),
        count(committed),
        count(end),
      ];
      texts.forEach((text, cell) => setText(cells[cell], text));
      row.dataset.state = stateOf(status, budget.seconds);
    });
  }

  #addRow(partition) {
    const classes = ["number", "number", "", "wide", "number wide", "number wide"];
    const cells = classes.map((name) => make("td", name === "" ? {} : { class: name }));
    const row = make("tr", {}, make("th", { scope: "row", text: String(partition) }), ...cells);
    this.#body.append(row);
    this.#rows.push({ row, cells });
  }
}

/** Well, unknown, or what is wrong. */
export function stateOf({ lagRecords, lagSeconds }, budgetSeconds) {
  if (lagRecords === null || (lagRecords > 0 && lagSeconds === null)) return "unknown";
  if (lagSeconds > budgetSeconds) return "late";
  return lagRecords > 0 ? "waits" : "well";
}

function whyOf({ lagRecords, lagSeconds, owner, reason }, { budget, members }) {
  if (lagRecords === null) return "cannot be known now";
  if (lagRecords === 0) return "";
  if (reason !== null) return reason.text;
  if (lagSeconds !== null && lagSeconds <= budget.seconds) return "under way";
  return owner === null && members !== null ? "no worker has it" : "not known";
}

function ownerOf({ owner }, members) {
  if (owner !== null) return shortMember(owner);
  return members === null ? "–" : "nobody";
}
