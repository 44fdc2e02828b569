import { byId, make, mark, setText } from "./elements.js";
import { count, ranges, share, shortMember } from "./formats.js";

/** The workers and which partitions they have. */
export function showMembers({ members }) {
  const none = byId("members-none");
  setText(
    none,
    members === null
      ? "The group cannot be asked now."
      : members.length === 0
        ? "Nobody is in the group."
        : "",
  );
  const table = byId("members");
  table.hidden = members === null || members.length === 0;
  const rows = (members ?? [])
    .toSorted((a, b) => (a.memberId < b.memberId ? -1 : 1))
    .map(({ memberId, clientId, host, partitions }) => ({
      id: memberId,
      texts: [
        `${clientId} ${shortMember(memberId)}`,
        host,
        partitions.length === 0 ? "none yet" : ranges(partitions),
      ],
    }));
  const told = JSON.stringify(rows);
  // Only when something changed, so that a selection and a reader's place stay.
  if (table.dataset.told === told) return;
  table.dataset.told = told;
  table.tBodies[0].replaceChildren(
    ...rows.map(({ id, texts: [name, host, partitions] }) =>
      make(
        "tr",
        { title: id },
        make("th", { scope: "row", text: name }),
        make("td", { text: host }),
        make("td", { text: partitions }),
      ),
    ),
  );
}

const VERDICTS = [
  { name: "applied", about: "became the state" },
  { name: "stale", about: "older than the state" },
  { name: "duplicate", about: "seen before" },
];

/** What became of the arrivals. */
export function showVerdicts({ view, deadLetters }) {
  const all = VERDICTS.reduce((sum, { name }) => sum + view.verdicts[name], 0);
  const list = byId("verdicts");
  const bar = byId("verdict-bar");
  if (list.childElementCount === 0) {
    for (const { name, about } of VERDICTS) {
      addFact(list, name, make("span", { class: "quiet", text: ` ${about}` }));
      bar.append(mark(name, "block"));
    }
    addFact(list, "rejected", make("span", { class: "quiet", text: " dead letters that are kept" }));
  }
  const values = list.querySelectorAll("b");
  VERDICTS.forEach(({ name }, index) => {
    const number = view.verdicts[name];
    setText(values[index], `${count(number)} (${share(number, all)})`);
    bar.children[index].style.flexGrow = String(number);
  });
  setText(values[VERDICTS.length], count(deadLetters.kept));
}

function addFact(list, name, ...about) {
  const term = make("dt", {}, mark(name, "block"), name);
  list.append(make("div", {}, term, make("dd", {}, make("b", { text: count(null) }), ...about)));
}

/** Says aloud only when the state changes; the reasons beside it change each second. */
export function showBanner({ budget }) {
  const texts = {
    kept: "",
    broken: `The freshness budget of ${budget.seconds} s is broken.`,
    unknown: `Whether the freshness budget of ${budget.seconds} s is kept cannot be told now.`,
  };
  byId("banner").dataset.state = budget.state;
  setText(byId("banner-text"), texts[budget.state]);
  const list = byId("banner-reasons");
  while (list.childElementCount > budget.reasons.length) list.lastElementChild.remove();
  while (list.childElementCount < budget.reasons.length) list.append(make("li"));
  budget.reasons.forEach((reason, index) => setText(list.children[index], reason));
}
