/* The source panel: a citation looked up, its words highlighted where they stand.
   All words go in as text, never as HTML; what is highlighted is what the API says is cited, nothing is searched for. */

const MORE = 20_000;

/** Make an element: properties are set, `data` goes to its dataset, children are elements or text. */
export function make(tag, properties = {}, ...children) {
  const { data = {}, aria = {}, ...rest } = properties;
  const element = Object.assign(document.createElement(tag), rest);
  Object.assign(element.dataset, data);
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Call the API; return what it says, or throw its own sentence. */
export async function api(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw Object.assign(new Error("The server does not answer: is it still running?"), { gone: true });
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const words = typeof problem.detail === "string" ? problem.detail : `The server could not do that (${response.status}).`;
  throw Object.assign(new Error(words), { status: response.status });
}

const range = (name, from, to) => (from === null || from === undefined ? null : from === to ? `${name} ${from}` : `${name}s ${from}–${to}`);

/** Say where a citation or a passage stands: page, lines, headings. */
export function place(where) {
  const page = range("page", where.start_page_number, where.end_page_number);
  const line = page ?? where.part ? null : range("line", where.start_line, where.end_line);
  return [page, where.part, line, (where.heading ?? []).join(" › ") || null].filter(Boolean).join(" · ");
}

const STATUS = {
  valid: ["Valid", "These words stand in the folder now."],
  moved: ["Moved", "The words stand elsewhere now."],
  changed: ["Changed", "The file has been edited since. Ask again for what it says now."],
  deleted: ["Deleted", "The file is no longer in the folder."],
};

let opener = null;
let asked = 0;

const panel = () => document.getElementById("qa-source");

/** Open a citation by its id; the focus goes to it, and back to `from` when it is closed. */
export async function openSource(id, from, context = 2_000) {
  const mine = ++asked;
  opener = from ?? opener;
  for (const each of document.querySelectorAll("[data-cite]")) each.classList.toggle("qa-open", each.dataset.cite === id);
  show(heading("Looking it up…"), make("div", { className: "qa-body" }));
  try {
    const found = await (await api(`/api/citations/${encodeURIComponent(id)}?context=${context}`)).json();
    if (mine === asked) fill(found, context);
  } catch (error) {
    if (mine === asked) show(heading("Not found"), make("p", { className: "qa-note", role: "alert" }, error.message));
  }
}

/** Open the citation that the page's address names: /#cite=ID. */
export function openNamed() {
  const id = /^#cite=(.+)$/.exec(location.hash)?.[1];
  if (id) openSource(id, null);
}

/** Open a document at its beginning. */
export async function openDocument(file, from) {
  const mine = ++asked;
  opener = from;
  show(heading(file.path), make("div", { className: "qa-body" }));
  try {
    const found = await (await api(`/api/documents/${file.id}/text?end=${MORE}`)).json();
    if (mine !== asked) return;
    const whole = found.end === found.length;
    show(
      heading(file.path, titled(file), make("p", { className: "qa-links" }, original(file, "Open original"))),
      make("div", { className: "qa-body", tabIndex: 0, dir: "auto" }, found.text, whole ? "" : " …"));
  } catch (error) {
    if (mine === asked) show(heading("Not found"), make("p", { className: "qa-note", role: "alert" }, error.message));
  }
}

const titled = ({ title, path }) => (title && title !== path ? make("p", { className: "qa-place", dir: "auto" }, title) : null);

/** Close the panel. Return whether it was open. */
export function closeSource() {
  if (!document.body.classList.contains("qa-reading")) return false;
  asked++;
  for (const each of document.querySelectorAll(".qa-open")) each.classList.remove("qa-open");
  document.body.classList.remove("qa-reading");
  panel().replaceChildren();
  if (location.hash.startsWith("#cite=")) history.replaceState(null, "", location.pathname + location.search);
  (opener?.isConnected ? opener : document.querySelector("#qa-question textarea"))?.focus();
  opener = null;
  return true;
}

function show(...children) {
  const section = make("section", { className: "qa-panel", aria: { labelledby: "qa-path" } }, ...children);
  panel().replaceChildren(section);
  document.body.classList.add("qa-reading");
  document.getElementById("qa-path").focus({ preventScroll: true });
  return section;
}

function heading(title, ...children) {
  return make(
    "header", {},
    make("div", { className: "qa-title" },
      make("h2", { id: "qa-path", tabIndex: -1, dir: "auto" }, title),
      make("button", { type: "button", className: "qa-close", title: "Close (Esc)", aria: { label: "Close the source" }, onclick: closeSource }, "×")),
    ...children,
  );
}

/** Show a line that ends with \r alone as one: browsers do not. Nothing changes its length. */
const withLines = (words) => words?.replace(/\r(?!\n)/g, "\n") ?? null;

function fill(found, context) {
  const [word, said] = STATUS[found.status] ?? [found.status, ""];
  const why = found.note ?? said;
  const { document: source } = found;
  const [before, cited, after] = [found.before, found.cited_text, found.after].map(withLines);
  const [begins, ends] = [found.start_char_index === points(before), points(after) < context];
  const text = make("div", { className: "qa-body", tabIndex: 0, dir: "auto", role: "group", aria: { label: "The words in their context" } });
  const mark = make("mark", {}, cited ?? "");
  if (found.status !== "valid") text.append(...since(found, cited, why));
  else text.append(begins ? "" : "… ", before, mark, after, ends ? "" : " …");
  show(
    heading(
      source.path,
      titled(source),
      make("p", { className: "qa-place" },
        make("span", { className: `qa-status qa-${found.status}`, title: why }, word),
        place(found) ? ` ${place(found)}` : ""),
      make("p", { className: "qa-links" }, ...links(found, !begins || !ends, context)),
    ),
    text,
  );
  if (found.status === "valid") text.scrollTop = mark.offsetTop - Math.max(16, (text.clientHeight - mark.offsetHeight) / 2.5);
}

/** Tell what became of words that no longer stand where they stood: what they were, and where they or the likest are. */
function since(found, cited, why) {
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

/** Count as the API does, in code points. */
export const points = (text) => [...text].length;

function links(found, cutOff, context) {
  if (found.status !== "valid") return [];
  const more = make("button", { type: "button", onclick: () => openSource(found.id, null, MORE) }, "Show more around it");
  return [original(found.document, "Open original"), cutOff && context < MORE ? more : null];
}

/** Link to a document's file. */
export function original(source, words) {
  return make("a", { href: `/api/documents/${encodeURIComponent(source.id)}/file`, title: `Get the file: ${source.path}` }, words);
}
