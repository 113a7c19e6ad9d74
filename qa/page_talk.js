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
    this.moment = 0; // what was asked for at another one comes too late
    this.listed = 0;
    this.showing = null; // until it is here, a question waits for what it belongs to
    this.begun = null;
    this.query = make("input", { type: "search", className: "qa-filter", placeholder: "Search conversations", aria: { label: "Search the conversations" }, oninput: () => this.tryToList() });
    this.found = make("ul", {});
    this.all = make("details", { id: "qa-talks", hidden: true, ontoggle: () => this.all.open && this.tryToList() }, make("summary", {}, "Conversations"), this.query, this.found);
    const again = make("button", { type: "button", id: "qa-fresh", onclick: () => (this.leave(), fresh()) }, "New conversation");
    this.row = make("div", { id: "qa-tools", hidden: true }, menu((format) => this.download(format).then(say, (error) => hint(error.message))), again);
  }

  /** Show again what this tab has said; return a question that was cut off by a reload. */
  async begin(turns) {
    this.turns = turns;
    const [id, cutOff] = [kept(KEY), kept(ASKED)];
    try {
      if (id && !this.id) await this.show(id);
    } catch (error) {
      if (error.status === 404) keep(KEY, null);
      else this.hint(error.message);
    }
    this.tryToList();
    return cutOff;
  }

  /** Show a conversation before what was asked while it was fetched, unless another was opened meanwhile. */
  async show(id) {
    const mine = ++this.moment;
    this.id = id;
    this.mark();
    this.showing = ask(`/api/conversations/${encodeURIComponent(id)}`);
    try {
      const { answers } = await this.showing;
      if (mine !== this.moment) return;
      if (answers.length) document.getElementById("qa-welcome")?.remove();
      this.turns.prepend(...answers.map(shown));
      this.turns.lastElementChild?.scrollIntoView({ block: "start" });
      this.answers.unshift(...answers);
      keep(KEY, id);
      this.row.hidden = !this.answers.length;
    } catch (error) {
      if (mine !== this.moment) return;
      this.id = null;
      this.mark();
      throw error;
    }
  }

  /** Return the id of this tab's conversation, which begins with its first question; null where none are kept. */
  async open(question) {
    keep(ASKED, question);
    await this.showing?.catch(() => {});
    if (this.id) return this.id;
    const mine = this.moment;
    try {
      this.begun ??= ask("/api/conversations", POST);
      const { id } = await this.begun;
      if (mine === this.moment) {
        this.id = id;
        keep(KEY, id);
      }
      return id;
    } catch (error) {
      this.begun = null;
      if (error.status !== 403) throw error;
      return null;
    }
  }

  add(answer) {
    this.answers.push(answer);
    this.row.hidden = false;
    this.tryToList();
  }

  /** Note that it was deleted, as from another tab: what is on the page goes on as a new one. */
  gone() {
    Object.assign(this, { id: null, begun: null });
    keep(KEY, null);
  }

  /** Note that a question was answered, or that the person knows that it was not. */
  done() {
    keep(ASKED, null);
  }

  /** Go on without it: it is kept, and listed. */
  leave() {
    this.moment++;
    Object.assign(this, { id: null, answers: [], showing: null, begun: null });
    this.row.hidden = true;
    keep(KEY, null);
    this.mark();
  }

  /** Return what was said, as questions and answers that a new question may lean on. */
  history() {
    return this.answers.filter((each) => each.answer).flatMap((each) => [{ role: "user", content: each.question }, { role: "assistant", content: each.answer }]);
  }

  /** List the conversations that have the words that are searched for; after the last one that is shown, if that is asked. */
  async list(after = null) {
    const mine = ++this.listed;
    const asked = new URLSearchParams({ q: this.query.value, count: PAGE, ...(after && { after }) });
    const { conversations } = await ask(`/api/conversations?${asked}`);
    if (mine !== this.listed) return;
    const items = conversations.map((each) => this.entry(each));
    if (conversations.length === PAGE) items.push(this.more(conversations.at(-1).id));
    if (after) return this.found.append(...items);
    this.all.hidden = !items.length && !this.query.value;
    this.found.replaceChildren(...(items.length ? items : [make("li", { className: "qa-why" }, "None has these words.")]));
  }

  /** List them if that can be had: where the server is away the page says so by itself. */
  tryToList() {
    this.list().catch(() => {});
  }

  /** Make the button that lists those after one; where that one is gone, all are listed anew. */
  more(last) {
    const shows = () => this.list(last).then(() => item.remove(), (error) => (error.status === 404 ? this.tryToList() : this.hint(error.message)));
    const item = make("li", {}, make("button", { type: "button", className: "qa-more", onclick: shows }, "Show more"));
    return item;
  }

  /** Mark in the list the one that is on the page. */
  mark() {
    for (const each of this.found.querySelectorAll("[data-talk]")) each.setAttribute("aria-current", each.dataset.talk === this.id);
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
        make("bdi", { className: "qa-file-path" }, make("button", { type: "button", className: "qa-name", data: { talk: id }, aria: { current: id === this.id }, onclick: opens }, name)),
        make("span", { className: "qa-chip", title: new Date(changed).toLocaleString() }, count(turns, "question")),
        remove));
    remove.onclick = () => {
      const stay = make("button", { type: "button", onclick: () => (row.remove(), remove.focus()) }, "Keep it");
      item.querySelector(".qa-asks")?.remove();
      const row = make("p", { className: "qa-links qa-asks" }, "Delete this conversation? ", make("button", { type: "button", onclick: () => this.remove(id) }, "Delete it"), stay);
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
      return this.hint(error.message);
    }
    if (id === this.id) {
      this.leave();
      this.fresh();
    }
    await this.list();
  }

  /** Have it written as a file, and keep that; return a sentence. */
  async download(format) {
    const ids = ({ id, number }) => ({ id, number }); // their words are looked up
    const told = this.answers.filter((each) => each.answer).map((each) => ({ ...each, citations: each.citations.map(ids), passages: each.passages.map(ids) }));
    const what = this.id ? { conversation: this.id } : { answers: told };
    const response = await api("/api/export", { method: "POST", body: JSON.stringify({ format, ...what }), headers: { "Content-Type": "application/json" } });
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
