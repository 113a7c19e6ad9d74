/* One turn: a question, and its answer as it comes in, with marks that open what they cite. */

import { STATUS } from "./page_source.js";
import { unbarred } from "./page_table.js";
import { api, make, place, points } from "./page_tools.js";

const MARK = /(?<!\\)\[(\d+)\]/g;
const EDGE = "\ue000"; // a letter that nobody uses: where a short answer begins and ends, while its words are laid out
const unescapeMarks = (text) => text.replace(/\\\[(?=\p{Nd}+\])/gu, "["); // Unicode digits, as the API escapes

/** Cut by code points, as the API counts. */
const cut = (text, start, end) => Array.from(text).slice(start, end).join("");

/** An answer while it is written: what has come so far, and where it is shown. */
export class Turn {
  constructor(question) {
    this.words = make("div", { className: "qa-words", dir: "auto" });
    this.notes = make("div", { className: "qa-notes" }, make("p", { className: "qa-reason" }, "Looking in the documents…"));
    this.body = make("div", { className: "qa-answer", aria: { busy: "true" } }, this.words, this.notes);
    this.element = make("article", { className: "qa-turn", aria: { label: `Question: ${question.slice(0, 200)}` } },
      make("h2", { className: "qa-asked", dir: "auto" }, question), this.body);
    this.restart();
  }

  restart() {
    this.text = "";
    this.citations = [];
    this.sentences = [];
    this.shown = 0;
    this.tail = make("span", {});
    this.words.replaceChildren(this.tail);
  }

  /** Withdraw what was written so far, and say why at once: what comes instead may take its time. */
  startOver(reason) {
    this.restart();
    this.notes.replaceChildren(make("p", { className: "qa-reason", role: "status" }, reason));
  }

  /** Say what is being read; a second time where the passages were ranked anew. */
  read(count) {
    const words = `Reading ${count} passage${count === 1 ? "" : "s"}…`;
    this.notes.replaceChildren(...(count ? [make("p", { className: "qa-reason", role: "status" }, words)] : []));
  }

  /** Take in one event of the stream. */
  take(event) {
    if ("replace" in event) this.startOver(event.replace);
    else if ("passages" in event) this.read(event.passages.length);
    else if ("citation" in event) this.citations.push(event.citation);
    else if ("delta" in event) this.text += event.delta;
    else if ("sentence" in event) this.settle(event.sentence);
    else if ("answer" in event) return this.finish(event.answer);
    else if ("error" in event) throw new Error(event.error.detail ?? "The answer could not be finished.");
    this.tail.replaceChildren(...this.marked(cut(this.text, this.shown)));
  }

  /** Show a sentence that is finished; it is not touched again, so that a mark keeps the focus. */
  settle(sentence) {
    const gap = cut(this.text, this.shown, sentence.start);
    const line = cut(this.text, 0, sentence.start).split("\n").pop();
    const first = /\p{L}/u.test(line) ? "" : " qa-first"; // the direction of its paragraph is that of its letters
    const shown = make("span", { className: `qa-sentence qa-${sentence.support}${first}` }, ...this.pointed(sentence));
    if (sentence.support === "unsupported" || sentence.support === "partial") {
      shown.title = sentence.why;
      shown.append(make("span", { className: "qa-hidden" }, ` (${sentence.support}: ${sentence.why})`));
    }
    this.tail.before(unescapeMarks(gap), shown);
    this.shown = sentence.end;
  }

  finish(answer) {
    if (answer.answer !== this.text || this.shown !== points(answer.answer)) {
      this.restart();
      Object.assign(this, { text: answer.answer, citations: answer.citations });
      for (const sentence of answer.sentences) this.settle(sentence);
      this.tail.replaceChildren(...this.marked(cut(this.text, this.shown)));
    }
    this.body.setAttribute("aria-busy", "false");
    this.body.classList.toggle("qa-refused", answer.refused);
    this.notes.replaceChildren();
    if (answer.searched_as) this.notes.append(make("p", { className: "qa-reason", dir: "auto" }, `Searched as: ${answer.searched_as}`));
    if (answer.reason) this.notes.append(make("p", { className: "qa-reason" }, answer.reason));
    if (answer.citations.length) this.notes.append(sources(answer.citations));
    if (answer.passages.length) this.notes.append(read(answer));
    return answer;
  }

  fail(words) {
    this.body.setAttribute("aria-busy", "false");
    this.notes.replaceChildren(make("p", { className: "qa-error", role: "alert" }, words));
  }

  /** Show a sentence with its short answer, the figure or the name, made plain. */
  pointed({ text, start, answer_span: span }) {
    if (!span || text.includes(EDGE)) return this.marked(unbarred(text));
    const [from, to] = span.map((at) => at - start);
    const edged = [cut(text, 0, from), cut(text, from, to), cut(text, to)].join(EDGE);
    const [before, short, after] = unbarred(edged).split(EDGE).map((words) => this.marked(words));
    return [...before, make("strong", { className: "qa-short" }, ...short), ...after];
  }

  /** Turn a text with marks into words and buttons; brackets that name no citation of this answer stay words. */
  marked(text) {
    const parts = [];
    let last = 0;
    for (const found of text.matchAll(MARK)) {
      const citation = this.citations.find((each) => each.number === Number(found[1]));
      if (!citation) continue;
      const words = text.slice(last, found.index);
      parts.push(unescapeMarks(words.replace(/ $/, "\u202f")), mark(citation));
      last = found.index + found[0].length;
    }
    parts.push(unescapeMarks(text.slice(last)));
    return parts;
  }
}

/** Say what became of a citation that was given before; undefined where it stands as it stood, as in a new answer. */
const since = ({ status }) => (status in STATUS && status !== "valid" ? `${STATUS[status][0]} since` : undefined);

function mark(citation) {
  const where = [citation.document.path, place(citation), since(citation)].filter(Boolean).join(", ");
  return make("button", {
    type: "button", className: since(citation) ? "qa-mark qa-since" : "qa-mark", title: citation.cited_text ?? "", data: { cite: citation.id },
    aria: { label: `Open citation ${citation.number}: ${where}` },
  }, `[${citation.number}]`);
}

/** A line that opens a place: where it is, and its words. */
function entry(where, words, label) {
  const button = make("button", { type: "button", className: "qa-entry", data: { cite: where.id } },
    make("span", { className: "qa-where" }, label, make("b", { dir: "auto" }, where.document.path), place(where) ? ` · ${place(where)}` : "", became(where)),
    make("span", { className: "qa-quote", dir: "auto" }, unbarred(words)));
  return make("li", {}, button);
}

function became(where) {
  return since(where) && make("span", { className: `qa-status qa-${where.status}`, title: STATUS[where.status][1] }, since(where));
}

function sources(citations) {
  const items = citations.map((each) => entry(each, each.cited_text ?? "", `[${each.number}] `));
  return make("div", { className: "qa-sources" }, make("h3", {}, "Sources"), make("ol", {}, ...items));
}

function read(answer) {
  const items = answer.passages.map((each) => entry(each, each.text.trim(), null));
  const count = answer.passages.length === 1 ? "the passage that was read" : `the ${answer.passages.length} passages that were read`;
  const title = answer.refused ? "The nearest passages" : `Show ${count}`;
  return make("details", { className: "qa-passages", open: answer.refused }, make("summary", {}, title), make("ol", {}, ...items));
}

/** Ask, after what was `said` before, and hand each event of the answer to `turn`; return the whole answer. */
export async function ask(question, said, turn, signal) {
  const body = JSON.stringify({ question, ...said, stream: true });
  const response = await api("/api/ask", { method: "POST", body, signal, headers: { "Content-Type": "application/json" } });
  for await (const event of events(response.body)) {
    const answer = turn.take(event);
    if (answer) return answer;
  }
  throw new Error("The server stopped in the middle of the answer: ask again.");
}

/** Read server-sent events, each with a JSON object. */
async function* events(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop();
    for (const block of blocks) {
      const data = block.split(/\r?\n/).filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart());
      if (data.length) yield JSON.parse(data.join("\n"));
    }
  }
}
