/* The source panel: a citation looked up, its words highlighted where they stand, or a document from its beginning.
   What is highlighted is what the API says is cited: nothing is searched for. */

import { hasPages, paper } from "./page_paper.js";
import { AROUND, around, fromBeginning, withLines } from "./page_text.js";
import { ask, askOf, make, original, place, say } from "./page_tools.js";

/** What became of a citation, in a word and in a sentence. */
export const STATUS = {
  valid: ["Valid", "These words stand in the folder now."],
  moved: ["Moved", "The words stand elsewhere now."],
  changed: ["Changed", "The file has been edited since. Ask again for what it says now."],
  deleted: ["Deleted", "The file is no longer in the folder."],
};

let opener = null; // where the focus goes back to
let beside = []; // the citations of the same answer, in its order
let asked = 0;
let stands = null; // what was found of what is open, and how it is looked up again

const panel = () => document.getElementById("qa-source");
const isOpen = () => document.body.classList.contains("qa-reading");
const isNarrow = () => matchMedia("(max-width: 820px)").matches;

/** Open a citation by its id; the focus goes to it, and back to `from` when it is closed. */
export async function openSource(id, from) {
  if (from && !panel().contains(from)) {
    opener = from;
    beside = citedBeside(from, id);
    if (isNarrow()) from.scrollIntoView({ block: "start" }); // the sheet covers what is below
  }
  for (const each of document.querySelectorAll("[data-cite]")) each.classList.toggle("qa-open", each.dataset.cite === id);
  address(`#cite=${id}`);
  await load("Looking it up…", () => ask(`/api/citations/${encodeURIComponent(id)}?context=${AROUND}`), fill, id);
}

/** Open a document at its beginning. */
export async function openDocument(file, from) {
  opener = from;
  beside = [];
  address(`#document=${file.id}`);
  await load(file.path, () => askOf(file.id), begin);
}

/** Open what the page's address names, /#cite=ID or /#document=ID; close the panel where it names nothing. */
export function openNamed() {
  const [, kind, id] = /^#(cite|document)=(.+)$/.exec(location.hash) ?? [];
  if (!kind) return hide();
  return kind === "cite" ? openSource(id, null) : openDocument({ id, path: "…" }, null);
}

/** Close the panel. Return whether it was open. */
export function closeSource() {
  if (!isOpen()) return false;
  if (history.state?.qa) history.back();
  else history.replaceState(null, "", location.pathname + location.search);
  hide();
  return true;
}

/** Open the next citation of the answer, or the one before. Return whether there is one. */
export function step(by) {
  const at = beside.indexOf(/^#cite=(.+)$/.exec(location.hash)?.[1]);
  if (!isOpen() || at < 0 || !beside[at + by]) return false;
  openSource(beside[at + by], null);
  say(`Citation ${at + by + 1} of ${beside.length}`);
  return true;
}

/** Let the address name what is open; of a sheet over the page the browser's way back leads to the page. */
function address(hash) {
  if (location.hash === hash) return;
  if (isNarrow() && !isOpen()) history.pushState({ qa: true }, "", hash);
  else history.replaceState(history.state, "", hash);
}

/** Return the citations of an answer, or the passages that were read, whichever this is one of. */
function citedBeside(from, id) {
  const lists = [".qa-sources", ".qa-passages"].map((list) => from.closest(".qa-turn")?.querySelectorAll(`${list} [data-cite]`) ?? []);
  const ids = lists.map((each) => [...new Set(Array.from(each, ({ dataset }) => dataset.cite))]);
  return ids.find((each) => each.includes(id)) ?? [];
}

function hide() {
  if (!isOpen()) return;
  asked++;
  for (const each of document.querySelectorAll(".qa-open")) each.classList.remove("qa-open");
  document.body.classList.remove("qa-reading");
  panel().replaceChildren();
  (opener?.isConnected ? opener : document.querySelector("#qa-question textarea"))?.focus();
  opener = null;
}

/** Show that something is looked up, then what was found; where that cannot be, say so, and try again if asked to. */
async function load(title, look, then, id = null) {
  const mine = ++asked;
  stands = null;
  show(heading(title, steps(id)), make("div", { className: "qa-body" }));
  if (!panel().contains(document.activeElement)) focusPanel();
  try {
    const found = await look();
    if (mine !== asked) return;
    stands = { found, look };
    then(found);
  } catch (error) {
    if (mine !== asked) return;
    stands = null;
    const again = make("button", { type: "button", onclick: () => load(title, look, then, id) }, "Try again");
    show(
      heading(error.gone ? "Not looked up" : "Not found", steps(id)),
      make("p", { className: "qa-note", role: "alert" }, error.message),
      error.gone ? make("p", { className: "qa-note qa-links" }, again) : null);
  }
}

/** Look up again what is open, since the library changed: where it stands as it stood nothing moves. */
export async function lookAgain() {
  const [mine, was] = [asked, stands];
  const found = await was?.look().catch(({ gone, message }) => ({ gone, message }));
  if (!found || found.gone || mine !== asked || became(found) === became(was.found)) return;
  stands = { ...was, found };
  document.getElementById("qa-gone")?.remove();
  if (found.status) fill(found);
  else if (found.message) panel().querySelector("header").append(make("p", { id: "qa-gone", className: "qa-error" }, found.message));
  say(found.message ?? found.note ?? STATUS[found.status]?.[1] ?? "");
}

/** Return in a word what became of a citation or a document: what else is known of them may change any time. */
const became = ({ status, message, nearest, current }) => JSON.stringify([status, message, nearest?.id, current?.id]);

/** Fill the panel; the focus stays where a person has taken it meanwhile, and on a button that is there again. */
function show(...children) {
  const focused = document.activeElement;
  const here = panel().contains(focused) || focused === document.body;
  const section = make("section", { className: "qa-panel", aria: { labelledby: "qa-path" } }, ...children);
  panel().replaceChildren(section);
  document.body.classList.add("qa-reading");
  if (here) focusPanel(focused.dataset.key);
  return section;
}

/** Focus what has this key, or what is beside it where it leads no further; without one the heading. */
function focusPanel(key) {
  const pressed = key && panel().querySelector(`[data-key="${key}"]`);
  const next = pressed?.disabled ? pressed.parentElement.querySelector("button:enabled") : pressed;
  (next || document.getElementById("qa-path")).focus({ preventScroll: true });
}

function heading(title, ...children) {
  return make(
    "header", {},
    make("div", { className: "qa-title" },
      make("h2", { id: "qa-path", tabIndex: -1, dir: "auto" }, title),
      make("button", { type: "button", className: "qa-close", title: "Close (Esc)", data: { key: "close" }, aria: { label: "Close the source" }, onclick: closeSource }, "×")),
    ...children,
  );
}

const titled = ({ title, path }) => (title && title !== path ? make("p", { className: "qa-place", dir: "auto" }, title) : null);

/* A document. */

function begin(file) {
  if (file.id === null) throw new Error(file.reason);
  const text = body("The text of the document");
  const pages = file.pages && hasPages(file) ? paper(file, 1, null, file.pages) : null;
  show(heading(file.path, titled(file), make("p", { className: "qa-links" }, original(file, "Open original"), swap(pages, text))), pages ?? text, pages ? text : null);
  text.hidden = Boolean(pages);
  fromBeginning(file, text);
}

/* A citation. */

function fill(found) {
  const [word, said] = STATUS[found.status] ?? [found.status, ""];
  const why = found.note ?? said;
  const { document: source } = found;
  const valid = found.status === "valid";
  const text = body("The words in their context");
  if (valid) text.append(...around(found));
  else text.append(...since(found, why));
  const pages = make("div", { className: "qa-pages", hidden: true });
  const tools = make("p", { className: "qa-links" }, ...(valid ? [original(source, "Open original"), ...copiers(found)] : []));
  show(
    heading(
      source.path,
      titled(source),
      make("p", { className: "qa-place" },
        make("span", { className: `qa-status qa-${found.status}`, title: why }, word),
        place(found) ? ` ${place(found)}` : ""),
      tools,
      steps(found.id)),
    pages,
    text,
  );
  const mark = text.querySelector("mark");
  if (mark) reveal(mark, text);
  if (valid && found.start_page_number && hasPages(source)) showPaper(found, pages, text, tools);
}

/** Scroll to a mark; in a table its offset is that from its cell, so it is measured where it stands. */
function reveal(mark, text) {
  const { top, height } = mark.getBoundingClientRect();
  text.scrollTop += top - text.getBoundingClientRect().top - Math.max(16, (text.clientHeight - height) / 2.5);
}

/** Show the page of a PDF above its text: first the words, then how they look. */
async function showPaper(found, pages, text, tools) {
  const mine = asked;
  const file = await askOf(found.document.id).catch(() => null);
  if (mine !== asked || !file?.pages) return;
  pages.append(paper(found.document, found.start_page_number, found, file.pages));
  tools.append(swap(pages, text));
  const waits = () => mine === asked && pages.hidden && !text.contains(document.activeElement);
  pages.querySelector("img").addEventListener("load", () => waits() && turn(pages, text, true), { once: true });
}

/** Make the button that shows the page in place of the text, and back. */
function swap(pages, text) {
  return pages && make("button", { type: "button", className: "qa-swap", onclick: () => turn(pages, text, pages.hidden) }, pages.hidden ? "Show the page" : "Show the text");
}

function turn(pages, text, drawn) {
  [pages.hidden, text.hidden] = [!drawn, drawn];
  const button = panel().querySelector(".qa-swap");
  if (button) button.textContent = drawn ? "Show the text" : "Show the page";
}

const body = (label) => make("div", { className: "qa-body", tabIndex: 0, dir: "auto", role: "group", data: { key: "body" }, aria: { label } });

/** Tell what became of words that no longer stand where they stood: what they were, and where they or the likest are. */
function since(found, why) {
  const cited = withLines(found.cited_text);
  const now = found.current ?? found.nearest;
  const parts = (found.diff ?? []).map(({ op, words }) => make(op === "removed" ? "del" : op === "added" ? "ins" : "span", {}, words));
  return [
    make("p", { className: "qa-note" }, why),
    cited === null || parts.length ? null : make("blockquote", { className: "qa-old", dir: "auto" }, cited),
    parts.length ? make("p", { className: "qa-old", dir: "auto" }, ...parts) : null,
    now ? make("p", { className: "qa-links" }, make("button", { type: "button", data: { cite: now.id } },
      found.current ? "Open them where they stand now: " : "Open what is most like them now: ", now.document.path, place(now) ? `, ${place(now)}` : "")) : null,
  ].filter(Boolean);
}

/** Make the row that leads to the other citations of the answer. */
function steps(id) {
  const at = beside.indexOf(id);
  if (beside.length < 2 || at < 0) return null;
  const to = (by, sign, name, key) => make("button", {
    type: "button", title: `${name} (${key})`, data: { key }, aria: { label: name, keyshortcuts: key }, disabled: !beside[at + by], onclick: () => step(by),
  }, sign);
  return make("p", { className: "qa-turner" },
    to(-1, "‹", "Citation before", "p"), make("span", {}, `Citation ${at + 1} of ${beside.length}`), to(1, "›", "Next citation", "n"));
}

/* Taking a citation along. */

function copiers(found) {
  const link = `${location.origin}/#cite=${found.id}`;
  const where = [found.document.path, place(found)].filter(Boolean).join(", ").replace(/[\\[\]*_`<]/g, "\\$&");
  const words = found.cited_text.replace(/\s+/g, " ").trim().replace(/[\\[\]*_`<]/g, "\\$&");
  return [copier("Copy citation", `“${words}” — [${where}](${link})`), copier("Copy link", link)];
}

function copier(name, words) {
  const button = make("button", { type: "button" }, name);
  button.onclick = async () => {
    const done = await copy(words).then(() => "Copied", () => "It could not be copied");
    say(done);
    button.textContent = done;
    setTimeout(() => (button.textContent = name), 2_000);
  };
  return button;
}

/** Copy words; where the page did not come over a connection that browsers trust, by way of a text box. */
async function copy(words) {
  if (navigator.clipboard) return navigator.clipboard.writeText(words);
  const box = make("textarea", { value: words, className: "qa-hidden" });
  const focused = document.activeElement;
  document.body.append(box);
  box.select();
  const done = document.execCommand("copy");
  box.remove();
  focused?.focus();
  if (!done) throw new Error("The browser does not let this page copy.");
}
