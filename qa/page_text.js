/* The words of a document as far as they are shown: those around a citation, or all from the beginning, and what leads
   further at both ends. A part begins and ends with a line, or in a long line with a word. */

import { laid, names } from "./page_table.js";
import { askOf, make, points } from "./page_tools.js";

export const AROUND = 2_000;
const MORE = 20_000;

/** Show a line that ends with \r alone as one: browsers do not. Nothing changes its length. */
export const withLines = (words) => words?.replace(/\r(?!\n)/g, "\n") ?? null;

/** Put the cited words between those around them, and what leads further at both ends. */
export function around(found) {
  const [before, cited, after] = [found.before, found.cited_text, found.after].map(withLines);
  const { document: source, start_char_index: start, end_char_index: end } = found;
  const [from, to] = [points(before) < start ? beginning(before) : 0, points(after) < AROUND ? after.length : ending(after)];
  const [first, last] = [before.slice(from), after.slice(0, to)];
  const words = laid(first + cited + last, first.length, first.length + cited.length, source.media_type);
  const follows = points(after) < AROUND ? "" : later(source, end + points(last), isParted(after, to));
  return [...opened(source, start - points(first), isParted(before, from), words), follows];
}

/** Return where in words that begin anywhere a line begins, or in a long line a word. */
function beginning(words) {
  const line = words.indexOf("\n") + 1;
  return line && line <= words.length / 2 ? line : (/^\S{0,100}\s+/.exec(words)?.[0].length ?? 0);
}

/** Return where in words that end anywhere a line ends, or in a long line a word. */
function ending(words) {
  const line = words.lastIndexOf("\n") + 1;
  return line && line >= words.length / 2 ? line : (/\s\S{0,100}$/.exec(words)?.index ?? words.length);
}

const isParted = (words, at) => words[at - 1] !== "\n";

/** Put above a part of a text what leads to the words before it; above one from the middle of a table also its names. */
function opened(source, start, parted, parts) {
  const table = parts.find((each) => each !== "");
  if (start && !parted && table?.matches?.(".qa-table:not(:has(th))") && source.media_type !== "text/csv") name(table, source, start);
  return [earlier(source, start, parted), ...parts];
}

/** Repeat the names of its columns above a table, if they stand near enough. */
async function name(table, source, end) {
  const found = await askOf(source.id, `/text?start=${Math.max(0, end - MORE)}&end=${end}`).catch(() => null);
  const row = found && names(found.text);
  if (row && table.isConnected) unmoved(table.parentElement, () => table.querySelector("tr").before(row));
}

/** Put something in above what is cited, which stays where it was. */
function unmoved(text, put) {
  const top = () => text.querySelector("mark").getBoundingClientRect().top;
  const before = top();
  put();
  text.scrollTop += top() - before;
}

/** Make what puts the words before an offset in its place; at the beginning of the text nothing. Dots part a line. */
function earlier(source, end, parted) {
  if (!end) return "";
  const start = Math.max(0, end - MORE);
  const button = more("Show what stands before", async () => {
    const found = await askOf(source.id, `/text?start=${start}&end=${end}`);
    const words = withLines(found.text);
    const from = start ? beginning(words) : 0;
    const parts = laid(words.slice(from), 0, 0, source.media_type);
    unmoved(here.parentElement, () => {
      here.parentElement.querySelector(".qa-names")?.remove();
      here.replaceWith(...opened(source, start + points(words.slice(0, from)), isParted(words, from), parts));
    });
  });
  const here = make("span", {}, button, parted ? "… " : "");
  return here;
}

/** Make what puts the words after an offset in its place. Dots part a line. */
function later(source, start, parted) {
  const button = more("Show what follows", async () => {
    const found = await askOf(source.id, `/text?start=${start}&end=${start + MORE}`);
    const words = withLines(found.text);
    const to = found.end < found.length ? ending(words) : words.length;
    const follows = found.end < found.length ? later(source, start + points(words.slice(0, to)), isParted(words, to)) : "";
    here.replaceWith(...laid(words.slice(0, to), 0, 0, source.media_type), follows);
  });
  const here = make("span", {}, parted ? " …" : "", button);
  return here;
}

/** Show a document from its beginning in an element. */
export function fromBeginning(source, text) {
  text.append(later(source, 0, false));
  text.querySelector("button").click();
}

function more(words, load) {
  const button = make("button", { type: "button", className: "qa-more" }, words);
  button.onclick = () => load().catch((error) => (button.textContent = `${error.message} Try again`));
  return button;
}
