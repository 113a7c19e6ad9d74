/* What all parts of the page share: elements, calls to the API, and how places are named.
   All words go in as text, never as HTML. */

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

/** Call the API and read the JSON that it answers. */
export const ask = async (path, options) => (await api(path, options)).json();

/** Call the API about a document. What it says of one that is gone is meant for programs. */
export async function apiOf(id, rest = "", options = {}) {
  try {
    return await api(`/api/documents/${encodeURIComponent(id)}${rest}`, options);
  } catch (error) {
    if (error.status === 404) error.message = "It is not in the folder any more: the file was edited or deleted since.";
    throw error;
  }
}

export const askOf = async (id, rest) => (await apiOf(id, rest)).json();

export const number = (n) => Number(n).toLocaleString("en");
export const count = (n, thing) => `${number(n)} ${thing}${n === 1 ? "" : "s"}`;

const range = (name, from, to) => (from === null || from === undefined ? null : from === to ? `${name} ${from}` : `${name}s ${from}–${to}`);

/** Say where a citation or a passage stands: page, lines, headings. */
export function place(where) {
  const page = range("page", where.start_page_number, where.end_page_number);
  const line = page ?? where.part ? null : range("line", where.start_line, where.end_line);
  return [page, where.part, line, (where.heading ?? []).join(" › ") || null].filter(Boolean).join(" · ");
}

/** Count as the API does, in code points. */
export const points = (text) => [...text].length;

/** Link to a document's file. */
export function original(source, words) {
  return make("a", { href: `/api/documents/${encodeURIComponent(source.id)}/file`, title: `Get the file: ${source.path}` }, words);
}

/** Say something to who hears the page. */
export function say(words) {
  document.getElementById("qa-live").textContent = words;
}
