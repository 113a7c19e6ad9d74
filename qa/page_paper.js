/* A PDF as its pages look: the page with the cited words, marked by the server, and those before and after it. */

import { apiOf, make } from "./page_tools.js";

const WIDE = 1_400;

/** Tell whether a document has pages that the server draws; what stands in another file has none. */
export const hasPages = (source) => source.media_type === "application/pdf" && !source.path.includes("!/");

/** Show a page, with buttons that turn it; `cited` is what is marked, if anything is. */
export function paper(source, first, cited, count) {
  const sheet = make("img", { className: "qa-sheet", decoding: "async" });
  const said = make("span", { role: "status" });
  const note = make("p", { className: "qa-note", hidden: true });
  const [back, on] = [["‹", "Page before", -1], ["›", "Next page", 1]].map(([sign, name, step]) =>
    make("button", { type: "button", title: name, aria: { label: name }, onclick: () => turn(number + step) }, sign));
  let number = first;
  let drawing = new AbortController();

  async function turn(to) {
    number = to;
    drawing.abort(); // of a page turned past: those that are looked at would wait for it
    const mine = (drawing = new AbortController());
    const left = document.activeElement;
    const here = cited && to >= cited.start_page_number && to <= cited.end_page_number;
    said.textContent = `Page ${to} of ${count}`;
    [back.disabled, on.disabled] = [to <= 1, to >= count];
    if (left?.disabled) [back, on].find((each) => !each.disabled)?.focus(); // who turned by keyboard goes on from there
    sheet.setAttribute("aria-busy", "true"); // until then it shows the page before
    sheet.alt = here ? `Page ${to} of ${source.path}, on which these words stand: ${cited.cited_text}` : `Page ${to} of ${source.path}`;
    const drawn = await draw(source, to, cited, mine.signal).catch((error) => ({ note: error.message }));
    if (mine.signal.aborted) return;
    const unmarked = here && drawn.marked === 0 ? "Where on this page the cited words stand is not known: they may be on a picture." : "";
    note.textContent = drawn.note ?? unmarked;
    note.hidden = !note.textContent;
    note.setAttribute("role", drawn.note ? "alert" : "note");
    sheet.hidden = !drawn.picture;
    if (drawn.picture) sheet.src = URL.createObjectURL(drawn.picture);
    sheet.setAttribute("aria-busy", "false");
  }

  sheet.onload = () => URL.revokeObjectURL(sheet.src);
  turn(first);
  return make("div", { className: "qa-paper" }, make("p", { className: "qa-turner" }, back, said, on), note, sheet);
}

/** Fetch a page that the server draws; `marked` is on how many lines. */
async function draw(source, number, cited, signal) {
  const marked = cited ? `&cite=${encodeURIComponent(cited.id)}` : "";
  const response = await apiOf(source.id, `/pages/${number}?width=${WIDE}${marked}`, { signal });
  return { picture: await response.blob(), marked: Number(response.headers.get("X-Marked")) };
}
