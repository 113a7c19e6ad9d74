/* The conversation: kept in this browser alone, so that it outlives a reload of the page and a restart of the server;
   exported by the API, which looks every citation up anew. */

import { Turn } from "./page_answer.js";
import { api, make } from "./page_tools.js";

const KEY = "qa-conversation";
const FORMATS = [
  ["markdown", "Markdown with footnotes"],
  ["html", "Web page, one file"],
  ["json", "JSON"],
  ["annotations", "W3C Web Annotations"],
  ["csl", "CSL-JSON, for reference managers"],
];

/** The answers of one folder, and what is done with them: the tab's own are in its session, the last ones in the browser. */
export class Talk {
  constructor() {
    this.answers = [];
    this.folder = null;
  }

  /** Show again what this tab has said about this folder, or offer what was said last. */
  async begin(turns) {
    this.turns = turns;
    try {
      this.folder = (await (await api("/api/status")).json()).folder;
    } catch {
      return; // the page says so by itself, and nothing is kept
    }
    const own = read(() => sessionStorage, this.folder);
    const last = own ? null : read(() => localStorage, this.folder);
    if (own) this.show(own);
    else if (last && !this.answers.length) this.offer(last);
    else this.keep();
  }

  /** Show answers before those of questions that were asked meanwhile. */
  show(answers) {
    document.getElementById("qa-welcome")?.remove();
    this.turns.prepend(...answers.map(shown));
    this.turns.lastElementChild.scrollIntoView({ block: "start" });
    this.answers.unshift(...answers);
    this.keep();
  }

  offer(answers) {
    const words = `Go on with the last conversation (${answers.length} ${answers.length === 1 ? "question" : "questions"})`;
    const resume = () => (this.show(answers), document.querySelector("#qa-question textarea")?.focus());
    document.getElementById("qa-welcome")?.append(make("button", { type: "button", id: "qa-resume", onclick: resume }, words));
  }

  add(answer) {
    this.answers.push(answer);
    this.keep();
  }

  /** Keep it, as long as there is something to keep and the folder is known. */
  keep() {
    if (this.row) this.row.hidden = !this.answers.length;
    if (this.folder === null || !this.answers.length) return;
    for (const store of stores()) write(store, this.folder, this.answers);
  }

  /** Forget it, here and in the browser. */
  clear() {
    this.answers = [];
    this.keep();
    for (const store of stores()) store.removeItem(KEY);
  }

  /** Return what was said, as questions and answers that a new question may lean on. */
  history() {
    return this.answers.flatMap((each) => [{ role: "user", content: each.question }, { role: "assistant", content: each.answer }]);
  }

  /** Make the row with what can be done with it: export it, begin a new one. */
  tools({ fresh, say, hint }) {
    const begin = () => (this.clear(), fresh());
    const again = make("button", { type: "button", id: "qa-fresh", onclick: begin }, "New conversation");
    this.row = make("div", { id: "qa-tools", hidden: true }, menu((format) => this.download(format).then(say, (error) => hint(error.message))), again);
    return this.row;
  }

  /** Have it written as a file, and keep that; return a sentence. */
  async download(format) {
    const answers = this.answers.map((each) => ({ ...each, passages: each.passages.map(({ id }) => ({ id })) })); // their words are looked up
    const response = await api("/api/export", { method: "POST", body: JSON.stringify({ format, answers }), headers: { "Content-Type": "application/json" } });
    const name = /filename="([\w.-]+)"/.exec(response.headers.get("Content-Disposition") ?? "")?.[1] ?? "answers";
    const link = make("a", { href: URL.createObjectURL(await response.blob()), download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
    return `The conversation was exported to ${name}.`;
  }
}

/** The stores that this browser lets us use: it may be told to let us use none. */
function stores() {
  return [() => sessionStorage, () => localStorage].flatMap((store) => {
    try {
      return [store()];
    } catch {
      return [];
    }
  });
}

function read(store, folder) {
  try {
    const kept = JSON.parse(store().getItem(KEY));
    return kept?.version === 1 && kept.folder === folder && kept.answers.length && kept.answers.every(isAnswer) ? kept.answers : null;
  } catch {
    return null;
  }
}

const isAnswer = (each) => typeof each.question === "string" && typeof each.answer === "string" && ["sentences", "citations", "passages"].every((name) => Array.isArray(each[name]));

/** Keep what there is room for: where there is too little the oldest go first. */
function write(store, folder, answers) {
  for (let first = 0; first <= answers.length; first++) {
    try {
      return store.setItem(KEY, JSON.stringify({ version: 1, folder, answers: answers.slice(first) }));
    } catch {
      continue;
    }
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
