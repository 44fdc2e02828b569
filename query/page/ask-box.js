import { clocksPart } from "./clocks-part.js";
import { make } from "./elements.js";
import { explanationPart, latestPart } from "./user-parts.js";
import { questionsAbout } from "./user-questions.js";

const HASH = "#user=";

/** Asks for the user in the address, `#user=…`, which the form writes there: so an answer can be linked to. */
export class AskBox {
  #form;
  #input;
  #answer;
  /** Of the questions under way, and of what is drawn of their answers. */
  #asking = new AbortController();

  constructor({ form, answer }) {
    this.#form = form;
    this.#input = form.elements.namedItem("user");
    this.#answer = answer;
  }

  start() {
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#askFor(this.#input.value);
    });
    addEventListener("hashchange", () => this.#readAddress());
    this.#readAddress();
  }

  #askFor(user) {
    const hash = HASH + encodeURIComponent(user.toWellFormed?.() ?? user);
    // The address that is there already tells nobody anything.
    if (location.hash === hash) this.#readAddress();
    else location.hash = hash;
  }

  #readAddress() {
    this.#asking.abort();
    this.#asking = new AbortController();
    if (!location.hash.startsWith(HASH)) {
      this.#answer.hidden = true;
      this.#answer.replaceChildren();
      return;
    }
    const user = decoded(location.hash.slice(HASH.length));
    this.#input.value = user;
    this.#show(user, this.#asking.signal);
  }

  #show(user, signal) {
    const title = make("h2", { id: "answer-title", tabindex: "-1", text: user });
    const again = make("button", { type: "button", text: "Ask again" });
    again.addEventListener("click", () => this.#readAddress());
    const close = make("button", { type: "button", text: "Close" });
    close.addEventListener("click", () => this.#close());
    const questions = questionsAbout(user, signal);
    const parts = [
      part("The latest", questions.latest, (latest) => ({ element: latestPart(latest) }), signal, true),
      part("Its arrivals on both clocks", questions.history, clocksPart, signal),
      part("Why", questions.explanation, (told) => ({ element: explanationPart(told) }), signal),
    ];
    const head = make("div", { class: "answer-head" }, title, again, close);
    this.#answer.replaceChildren(head, make("div", { class: "answer-parts" }, ...parts));
    this.#answer.hidden = false;
    title.focus();
  }

  #close() {
    history.pushState(null, "", location.pathname);
    this.#readAddress();
    this.#input.value = "";
    this.#input.focus();
  }
}

/** One of the three: its title at once, what it tells when it comes, or in words why it does not. */
function part(title, ask, present, signal, isFirst = false) {
  const content = make("div", { "aria-live": "polite" }, make("p", { class: "quiet", text: "asking" }));
  const section = make("div", {}, make("h3", { text: title }), content);
  const show = async () => {
    try {
      const { element, draw } = present(await ask());
      if (signal.aborted) return;
      content.replaceChildren(element);
      const leave = draw?.();
      if (leave !== undefined) signal.addEventListener("abort", leave, { once: true });
    } catch (error) {
      if (signal.aborted) return;
      content.replaceChildren(problemPart(error, isFirst));
    }
  };
  void show();
  return section;
}

const NOT_KNOWN = 404;

/** That nobody is known by that name is told once, not in each part. */
function problemPart({ status, message }, isFirst) {
  if (status === NOT_KNOWN && !isFirst) return make("p", { class: "quiet", text: "nothing is known" });
  const retry = status === 503 ? " Ask again in a moment." : "";
  return make("p", { class: "problem", text: `${message}.${retry}` });
}

/** An address that somebody typed may be no UTF-8. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
