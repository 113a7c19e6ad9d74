/* The page of Chapter & Verse, a client of the HTTP API: gradio lays it out, this fills it.
   Whatever comes from documents, questions or errors is put in as text, never as HTML. */

import { Turn, ask } from "./page_answer.js";
import { Shelf } from "./page_shelf.js";
import { closeSource, lookAgain, openNamed, openSource, step } from "./page_source.js";
import { Talk } from "./page_talk.js";
import { api, count, make, number, say } from "./page_tools.js";

const at = (id) => document.getElementById(id);
const REMEMBERED = 20; // turns that go with a question, and are what it may speak of

let asking = null;
const talk = new Talk({ fresh, say, hint });
const shelf = new Shelf();
let stood = "";
let listed = 0;

/* Asking. */

async function send() {
  if (asking) return;
  const box = question();
  const words = box.value;
  at("qa-hint")?.remove();
  try {
    if (words.trim()) await answer(words);
    else await api("/api/ask", post({ question: words })); // it says in one sentence what is wrong
  } catch (error) {
    hint(error.message);
  }
}

async function answer(words) {
  const turn = new Turn(words.trim());
  at("qa-welcome")?.remove();
  write("");
  turns().append(turn.element);
  turn.element.scrollIntoView({ block: "start" });
  const mine = new AbortController();
  busy(mine);
  try {
    const whole = await asked(words, turn, mine.signal);
    if (!mine.signal.aborted) talk.add(whole);
    say(`${whole.answer} ${whole.citations.length ? count(whole.citations.length, "citation") : ""}`);
  } catch (error) {
    const stopped = error.name === "AbortError" ? "Stopped." : "The server stopped in the middle of the answer: ask again.";
    turn.fail(error.name === "AbortError" || error instanceof TypeError ? stopped : error.message);
    if (!question().value && asking === mine) write(words);
  } finally {
    if (asking === mine) {
      talk.done();
      busy(null);
    }
  }
}

/** Ask in this tab's conversation; where another tab has deleted it, in a new one. */
async function asked(words, turn, signal) {
  const said = async () => ({ conversation: await talk.open(words), history: talk.history().slice(-REMEMBERED), within: shelf.within() });
  try {
    return await ask(words, await said(), turn, signal);
  } catch (error) {
    if (error.status !== 404 || !talk.id) throw error;
    talk.gone();
    return ask(words, await said(), turn, signal);
  }
}

const post = (value) => ({ method: "POST", body: JSON.stringify(value), headers: { "Content-Type": "application/json" } });
const question = () => document.querySelector("#qa-question textarea, #qa-question input");
const turns = () => at("qa-turns");

/** Write into the question box, so that gradio takes note of it. */
function write(words) {
  question().value = words;
  question().dispatchEvent(new Event("input", { bubbles: true }));
}

function busy(controller) {
  asking = controller;
  at("qa-send").textContent = controller ? "Stop" : "Ask";
}

function hint(words) {
  at("qa-hint")?.remove();
  at("qa-ask").before(make("p", { id: "qa-hint", className: "qa-error", role: "alert" }, words));
  question().focus();
}

/* The folder: how it stands, and what is in it. */

function standing(status) {
  if (status.phase === "reading") return status.total ? `Reading files: ${progress(status, "file")}` : "Looking at the folder…";
  if (status.phase === "embedding") return `Ready for questions; still learning meanings: ${progress(status, "passage")}`;
  if (status.trouble) return status.trouble;
  if (status.waiting) return `Ready for questions; ${count(status.waiting, "passage")} can be found by their words only, so far`;
  return status.documents ? "Ready" : "No documents yet";
}

function progress({ done, total, rate, seconds_left: left }, thing) {
  const time = left === null ? "" : left < 90 ? `, ${Math.ceil(left)} s left` : `, ${Math.ceil(left / 60)} min left`;
  return `${number(done)} of ${count(total, thing)}${rate ? ` (${number(rate)} a second${time})` : ""}`;
}

function showState(status) {
  const folder = status.folder.replace(/[/\\]+$/, "").split(/[/\\]/).pop();
  at("qa-folder").textContent = folder;
  at("qa-folder").title = status.folder;
  at("qa-counts").textContent = `${count(status.documents, "document")} · ${count(status.passages, "passage")}`;
  at("qa-failures").textContent = [status.failed && `${count(status.failed, "file")} could not be read`, status.partial && `${number(status.partial)} only in part`].filter(Boolean).join(", ");
  at("qa-failures").hidden = !status.failed && !status.partial;
  at("qa-standing").textContent = standing(status);
  const bar = at("qa-bar");
  bar.hidden = status.phase === "idle" || !status.total;
  Object.assign(bar, { max: Math.max(1, status.total), value: status.done });
}

async function poll() {
  let wait = 2_000;
  try {
    const status = await (await api("/api/status")).json();
    showState(status);
    if (status.phase !== "idle") wait = 1_000;
    const now = `${status.revision} ${status.waiting > 0}`;
    if (now !== stood && (status.phase !== "reading" || Date.now() > listed + 5_000)) {
      await Promise.all([shelf.refresh(), showExamples(), lookAgain()]);
      [stood, listed] = [now, Date.now()];
    }
  } catch (error) {
    at("qa-standing").textContent = error.gone ? "The server does not answer: is it still running? Trying again…" : error.message;
  }
  setTimeout(poll, document.hidden ? 4 * wait : wait);
}

async function showExamples() {
  if (!at("qa-examples")) return;
  const examples = await (await api("/page/examples")).json();
  at("qa-examples")?.replaceChildren(...examples.map((words) =>
    make("li", {}, make("button", { type: "button", className: "qa-example", dir: "auto", onclick: () => { write(words); send(); } }, words))));
}

/* Adding files. */

async function add(files) {
  const said = at("qa-added");
  said.replaceChildren();
  for (const file of files) {
    const line = make("li", {}, `Adding ${file.name}…`);
    said.append(line);
    const form = new FormData();
    form.append("files", file, file.name);
    try {
      const { paths } = await (await api("/api/documents", { method: "POST", body: form })).json();
      const { id, reason } = await (await api(`/api/documents/${encodeURIComponent(paths[0])}`)).json();
      line.textContent = id ? `${paths[0]} is in the folder now and can be asked about. ${reason ?? ""}` : `${paths[0]} is in the folder now, but cannot be read. ${reason}`;
      line.classList.toggle("qa-error", Boolean(reason));
    } catch (error) {
      line.textContent = `${file.name} was not added. ${error.message}`;
      line.classList.add("qa-error");
    }
  }
}

function adder() {
  const input = make("input", { type: "file", multiple: true, id: "qa-file", className: "qa-hidden", onchange: () => { add([...input.files]); input.value = ""; } });
  const zone = make("label", { className: "qa-drop", htmlFor: "qa-file" }, make("b", {}, "Add files"), " or drop them here; they are copied into the folder");
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      zone.classList.toggle("qa-over", name === "dragover");
      if (name === "drop") add([...event.dataTransfer.files]);
    });
  }
  return make("div", {}, input, zone, make("div", { role: "status" }, make("ul", { id: "qa-added" })));
}

/* Beginning. */

function build() {
  at("qa-state").append(
    make("p", {}, make("b", { id: "qa-folder", dir: "auto" }), " ", make("span", { id: "qa-counts" }), " ", make("button", { type: "button", id: "qa-failures", hidden: true, onclick: toDocuments })),
    make("p", {}, make("progress", { id: "qa-bar", hidden: true, aria: { label: "Progress of indexing" } }), " ", make("span", { id: "qa-standing" }, "Connecting…")),
  );
  turns().append(welcome());
  at("qa-ask").before(talk.row);
  at("qa-library").append(talk.all, ...shelf.elements);
  at("qa-ask").before(shelf.narrowed);
  at("qa-add")?.append(adder());
  document.body.append(make("div", { id: "qa-live", className: "qa-hidden", role: "status" }));
  document.addEventListener("click", clicked, true);
  document.addEventListener("keydown", pressed, true);
  window.addEventListener("popstate", openNamed);
  question().focus();
  talk.begin(turns()).then((cutOff) => cutOff && !asking && !question().value && (write(cutOff), talk.done()));
  openNamed();
  poll();
}

/** Begin a new conversation. */
function fresh() {
  asking?.abort();
  busy(null);
  talk.done();
  closeSource();
  turns().replaceChildren(welcome());
  showExamples().catch(() => {});
  question().focus();
}

function welcome() {
  return make("section", { id: "qa-welcome" },
    make("h2", {}, "Ask these documents"),
    make("p", {}, "Each sentence of an answer is followed by a mark such as [1]: it opens the source at the very words."),
    make("ul", { id: "qa-examples", aria: { label: "Example questions" } }));
}

async function toDocuments() {
  closeSource();
  await shelf.showFailed().catch(({ message }) => say(message));
  at("qa-documents").scrollIntoView();
  at("qa-documents").focus();
}

function clicked(event) {
  const cite = event.target.closest?.("[data-cite]");
  if (cite) openSource(cite.dataset.cite, cite);
  else if (event.target.closest?.("#qa-send") && event.detail < 2) asking ? asking.abort() : send(); // the second of two quick clicks is no other wish
}

function pressed(event) {
  const asks = event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target === question();
  if (asks || (event.key === "Escape" && closeSource())) {
    event.preventDefault();
    event.stopPropagation();
  }
  if (asks) send();
  const turns = { n: 1, p: -1 }[event.key];
  if (turns && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest("input, textarea")) step(turns);
}

/** Gradio builds its part first: wait until the places that we fill are there. */
function begin() {
  const there = () => question() && ["qa-state", "qa-turns", "qa-send", "qa-library"].every(at);
  if (there()) return build();
  const watch = new MutationObserver(() => {
    if (!there()) return;
    watch.disconnect();
    build();
  });
  return watch.observe(document.documentElement, { childList: true, subtree: true });
}

begin();
