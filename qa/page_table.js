/* Words as they are shown: tables of Markdown, and files of separated values, as tables, headings without their marks,
   everything else as it stands; what is cited is marked in all of them. */

import { make } from "./page_tools.js";

const ROW = /^[ \t]*\|.*\|[ \t]*$/;
const RULE = /^[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*$/;
const BAR = /(?<!\\)\|/;
const BARRED = /^[ \t]*\|(.*)(?<!\\)\|((?:[ \t]*\[\d+\])*)[ \t]*$/;
const HEADING = /^(#{1,6}[ \t]+)\S/;
const FENCE = /^ {0,3}(?:```|~~~)/;
/** Texts whose headings begin with marks; in others, as in programs, such a line says something else. */
const HEADED = /^(?:text\/markdown$|application\/(?!pdf$|json|xml$))/;
const SEPARATORS = [",", ";", "\t", "|"];

/** Return what shows a text of which a part, from `start` to `end`, is cited; the first mark is where that begins. */
export function laid(text, start, end, type = null) {
  if (type === "text/csv") return [separated(text, start, end)];
  const parts = [];
  let at = 0; // all before it is shown
  let rows = [];
  let line = 0;
  let fenced = !HEADED.test(type); // no line of it is a heading
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
    if (HEADED.test(type) && FENCE.test(bare)) fenced = !fenced;
    const heading = !fenced && HEADING.exec(bare);
    if (heading) {
      const [from, to] = [line + heading[1].length, line + bare.length];
      parts.push(...marked(text, at, line, start, end), make("strong", {}, ...marked(text, from, to, start, end)));
      at = to;
    }
    line += words.length;
  }
  flush(line);
  return [...parts, ...marked(text, at, text.length, start, end)];
}

/** Return the row of names of a table that begins in a text and goes on below it; null where it has none there. */
export function names(text) {
  const lines = text.split(/\r?\n/).slice(0, -1);
  const [head, rule] = lines.slice(lines.findLastIndex((line) => !ROW.test(line)) + 1);
  if (!RULE.test(rule)) return null;
  const row = laid(`${head}\n${rule}`, 0, 0).find((each) => each !== "").querySelector("tr");
  row.className = "qa-names";
  return row;
}

/** Return words in which the rows of tables stand without their bars; the marks of citations stay behind them. */
export function unbarred(words) {
  const rows = words.split("\n").filter((line) => !RULE.test(line));
  return rows.map((line) => line.replace(BARRED, (_, cells, marks) => `${cells.split(BAR).map(cell).join(" · ")}${marks}`)).join("\n");
}

const cell = (words) => words.trim().replaceAll("\\|", "|");

/** Return a part of a text with what is cited of it in a mark. */
function marked(text, from, to, start, end, clean = (words) => words) {
  const [a, b] = [Math.min(Math.max(from, start), to), Math.max(Math.min(to, end), from)];
  if (a >= b) return [clean(text.slice(from, to))];
  return [clean(text.slice(from, a)), make("mark", {}, clean(text.slice(a, b))), clean(text.slice(b, to))];
}

/** Make a table of separated values; quotes hold a cell together, line ends too, where it begins with them. */
function separated(text, start, end) {
  const often = (sign) => text.split(sign).length;
  const sign = SEPARATORS.reduce((best, each) => (often(each) > often(best) ? each : best));
  const rows = [[]];
  let [from, quoted] = [0, false];
  const close = (to) => {
    const inside = text[from] === '"' && to > from + 1 && text[to - 1] === '"' ? 1 : 0;
    rows.at(-1).push(make("td", { dir: "auto" }, ...marked(text, from + inside, to - inside, start, end, (words) => words.replaceAll('""', '"'))));
  };
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '"' && quoted && text[at + 1] === '"') at++; // one of its own
    else if (text[at] === '"' && (quoted || at === from)) quoted = !quoted;
    if (quoted || (text[at] !== sign && text[at] !== "\n")) continue;
    close(at - (text[at] === "\n" && text[at - 1] === "\r" ? 1 : 0));
    if (text[at] === "\n") rows.push([]);
    from = at + 1;
  }
  if (from < text.length) close(text.length);
  return tabled(rows.filter((cells) => cells.length).map((cells) => make("tr", {}, ...cells)));
}

const tabled = (rows) => make("div", { className: "qa-table" }, make("table", {}, ...rows));

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
  return tabled(made);
}
