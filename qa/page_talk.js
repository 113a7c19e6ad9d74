/* The conversations: kept by the server, so that they outlive a reload of the page and a restart; each tab goes on with
   its own. Exported by the API, which looks every citation up anew. */

import { Turn } from "./page_answer.js";
import { api, ask, count, make } from "./page_tools.js";

const KEY = "qa-conversation";
const ASKED = "qa-asked";
const PAGE = 50;
const FORMATS = [
  ["markdown", "Markdown with footnotes"],
  ["html", "Web page, one file"],
  ["json", "JSON"],
  ["annotations", "W3C Web Annotations"],
  ["csl", "CSL-JSON, for reference managers"],
];
const POST = { method: "POST" };

/** The conversation of this tab, and the list of all; `fresh` empties the page, `say` and `hint` tell something. */
export class Talk {
  constructor({ fresh, say, hint }) {
    Object.assign(this, { fresh, say, hint, id: null, answers: [] });
    this.query = make("input", { type: "search", className: "qa-filter", placeholder: "Search conversations", aria: { label: "Search the conversations" }, oninput: () => this.list() });
    this.found = make("ul", {});
    this.all = make("details", { id: "qa-talks", hidden: true, ontoggle: () => this.all.open && this.list() }, make("summary", {}, "Conversations"), this.query, this.found);
    const again = make("button", { type: "button", id: "qa-fresh", onclick: () => (this.leave(), fresh()) }, "New conversation");
    this.row = make("div", { id: "qa-tools", hidden: true }, menu((format) => this.download(format).then(say, (error) => hint(error.message))), again);
  }

  /** Show again what this tab has said; return a question that was cut off by a reload. */
  async begin(turns) {
    this.turns = turns;
    const id = kept(KEY);
    try {
      if (id && !this.id) await this.show(id);
    } catch (error) {
      if (error.status === 404) keep(KEY, null);
    }
    this.list().catch(() => {}); // where the server is away the page says so by itself
    return kept(ASKED);
  }

  /** Show a conversation in place of what there is, or before what was asked while it was fetched. */
  async show(id) {
    const { answers } = await ask(`/api/conversations/${encodeURIComponent(id)}`);
    document.getElementById("qa-welcome")?.remove();
    this.turns.prepend(...answers.map(shown));
    this.turns.lastElementChild?.scrollIntoView({ block: "start" });
    this.answers.unshift(...answers);
    this.id = id;
    keep(KEY, id);
    this.row.hidden = !this.answers.length;
  }

  /** Return the id of this tab's conversation, which begins with its first question; null where none are kept. */
  async open(question) {
    keep(ASKED, question);
    try {
      this.id ??= (await ask("/api/conversations", POST)).id;
      keep(KEY, this.id);
    } catch (error) {
      if (error.status !== 403) throw error;
    }
    return this.id;
  }

  add(answer) {
    this.answers.push(answer);
    this.row.hidden = false;
    this.list().catch(() => {});
  }

  /** Note that a question was answered, or that the person knows that it was not. */
  done() {
    keep(ASKED, null);
  }

  /** Go on without it: it is kept, and listed. */
  leave() {
    Object.assign(this, { id: null, answers: [] });
    this.row.hidden = true;
    keep(KEY, null);
  }

  /** Return what was said, as questions and answers that a new question may lean on. */
  history() {
    return this.answers.filter((each) => each.answer).flatMap((each) => [{ role: "user", content: each.question }, { role: "assistant", content: each.answer }]);
  }

  /** List the conversations that have the words that are searched for; after the last one that is shown, if that is asked. */
  async list(after = null) {
    const asked = new URLSearchParams({ q: this.query.value, count: PAGE, ...(after && { after }) });
    const { conversations } = await ask(`/api/conversations?${asked}`);
    const items = conversations.map((each) => this.entry(each));
    if (conversations.length === PAGE) {
      const more = make("li", {}, make("button", { type: "button", className: "qa-more", onclick: () => (more.remove(), this.list(conversations.at(-1).id)) }, "Show more"));
      items.push(more);
    }
    if (after) return this.found.append(...items);
    this.all.hidden = !items.length && !this.query.value;
    this.found.replaceChildren(...(items.length ? items : [make("li", { className: "qa-why" }, "None has these words.")]));
  }

  entry({ id, name, turns, changed }) {
    const opens = async () => {
      this.leave();
      this.fresh();
      await this.show(id).catch((error) => this.hint(error.message));
      document.querySelector("#qa-question textarea")?.focus();
    };
    const remove = make("button", { type: "button", className: "qa-remove", title: `Delete ${name}`, aria: { label: `Delete the conversation ${name}` } }, "×");
    const item = make("li", { className: "qa-file" },
      make("div", {},
        make("bdi", { className: "qa-file-path" }, make("button", { type: "button", className: "qa-name", aria: { current: id === this.id }, onclick: opens }, name)),
        make("span", { className: "qa-chip", title: new Date(changed).toLocaleString() }, count(turns, "question")),
        remove));
    remove.onclick = () => {
      const stay = make("button", { type: "button", onclick: () => (row.remove(), remove.focus()) }, "Keep it");
      const row = make("p", { className: "qa-links" }, "Delete this conversation? ", make("button", { type: "button", onclick: () => this.remove(id) }, "Delete it"), stay);
      item.append(row);
      stay.focus();
    };
    return item;
  }

  async remove(id) {
    try {
      await api(`/api/conversations/${encodeURIComponent(id)}`, { method: "DELETE" });
      this.say("The conversation was deleted.");
    } catch (error) {
      this.hint(error.message);
    }
    if (id === this.id) {
      this.leave();
      this.fresh();
    }
    await this.list();
  }

  /** Have it written as a file, and keep that; return a sentence. */
  async download(format) {
    const answers = this.answers.filter((each) => each.answer).map((each) => ({ ...each, passages: each.passages.map(({ id }) => ({ id })) })); // their words are looked up
    const response = await api("/api/export", { method: "POST", body: JSON.stringify({ format, answers }), headers: { "Content-Type": "application/json" } });
    const name = /filename="([\w.-]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? "answers";
    const link = make("a", { href: URL.createObjectURL(await response.blob()), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    return `The conversation was exported to ${name}.`;
  }
}

/** Keep a word for as long as this tab is open, or no longer; a browser may be told to let us keep nothing. */
function keep(name, word) {
  try {
    if (word === null) sessionStorage.removeItem(name);
    else sessionStorage.setItem(name, word);
  } catch {
    // then a reload begins anew
  }
}

function kept(name) {
  try {
    return sessionStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Show an answer that was given before. */
function shown(answer) {
  const turn = new Turn(answer.question.trim());
  turn.finish(answer);
  return turn.element;
}

/** Make a menu of formats; `choose` is told which. */
function menu(choose) {
  const list = make("ul", {}, ...FORMATS.map(([format, words]) =>
    make("li", {}, make("button", { type: "button", onclick: () => (close(), choose(format)) }, words))));
  const element = make("details", { id: "qa-export" }, make("summary", {}, "Export"), list);
  const close = () => (element.open = false);
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !element.open) return;
    event.stopPropagation();
    close();
    element.firstElementChild.focus();
  });
  document.addEventListener("click", (event) => element.contains(event.target) || close());
  return element;
}
