/* Words as they are shown: tables of Markdown as tables, everything else as it stands; what is cited is marked in both. */

import { make } from "./page_tools.js";

const ROW = /^[ \t]*\|.*\|[ \t]*$/;
const RULE = /^[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*$/;
const BAR = /(?<!\\)\|/;

/** Return what shows a text of which a part, from `start` to `end`, is cited; the first mark is where that begins. */
export function laid(text, start, end) {
  const parts = [];
  let at = 0; // all before it is shown
  let rows = [];
  let line = 0;
  const flush = (to) => {
    if (rows.length > 1) {
      parts.push(...marked(text, at, rows[0].from, start, end), table(text, rows, start, end));
      at = to;
    }
    rows = [];
  };
  for (const words of text.split(/(?<=\n)/)) {
    const bare = words.replace(/\r?\n$/, "");
    if (ROW.test(bare)) rows.push({ from: line, to: line + bare.length, words: bare });
    else flush(line);
    line += words.length;
  }
  flush(line);
  return [...parts, ...marked(text, at, text.length, start, end)];
}

/** Return a part of a text with what is cited of it in a mark. */
function marked(text, from, to, start, end) {
  const [a, b] = [Math.min(Math.max(from, start), to), Math.max(Math.min(to, end), from)];
  if (a >= b) return [text.slice(from, to)];
  return [text.slice(from, a), make("mark", {}, text.slice(a, b)), text.slice(b, to)];
}

/** Make a table of some lines: the first is its head where a rule follows. */
function table(text, rows, start, end) {
  const headed = RULE.test(rows[1].words);
  const made = rows.filter(({ words }) => !RULE.test(words)).map(({ from, words }, number) => {
    const tag = headed && !number ? "th" : "td";
    let at = from;
    const cells = words.split(BAR).map((cell) => {
      const first = at + cell.length - cell.trimStart().length;
      at += cell.length + 1;
      return make(tag, { dir: "auto" }, ...marked(text, first, first + cell.trim().length, start, end));
    });
    return make("tr", {}, ...cells.slice(1, -1)); // before the first bar and after the last there is nothing
  });
  return make("div", { className: "qa-table" }, make("table", {}, ...made));
}
