/* A PDF as its pages look: the page with the cited words, marked by the server, and those before and after it. */

import { api, make } from "./page_tools.js";

const WIDE = 1_400;

/** Tell whether a document has pages that the server draws; what stands in another file has none. */
export const hasPages = (source) => source.media_type === "application/pdf" && !source.path.includes("!/");

/** Show a page, with buttons that turn it; `cited` is what is marked, if anything is. */
export function paper(source, first, cited, count) {
  const sheet = make("img", { className: "qa-sheet", decoding: "async" });
  const said = make("span", { role: "status" });
  const wrong = make("p", { className: "qa-note", role: "alert", hidden: true });
  const [back, on] = [["‹", "Page before", -1], ["›", "Next page", 1]].map(([sign, name, step]) =>
    make("button", { type: "button", title: name, aria: { label: name }, onclick: () => turn(number + step) }, sign));
  let number = first;
  let turned = 0;

  function turn(to) {
    number = to;
    turned++;
    const left = document.activeElement;
    const here = cited && to >= cited.start_page_number && to <= cited.end_page_number;
    said.textContent = `Page ${to} of ${count}`;
    [back.disabled, on.disabled] = [to <= 1, to >= count];
    if (left?.disabled) [back, on].find((each) => !each.disabled)?.focus(); // who turned by keyboard goes on from there
    wrong.hidden = true;
    sheet.hidden = false;
    sheet.setAttribute("aria-busy", "true"); // until then it shows the page before
    sheet.alt = here ? `Page ${to} of ${source.path}, on which these words stand: ${cited.cited_text}` : `Page ${to} of ${source.path}`;
    sheet.src = address(source, to, cited);
  }

  sheet.onload = () => sheet.setAttribute("aria-busy", "false");
  sheet.onerror = async () => {
    const mine = turned;
    const error = await api(address(source, number, cited)).then(() => new Error("The page could not be shown."), (told) => told);
    if (mine !== turned) return;
    Object.assign(wrong, { textContent: error.message, hidden: false });
    sheet.hidden = true;
  };
  turn(first);
  return make("div", { className: "qa-paper" }, make("p", { className: "qa-turner" }, back, said, on), sheet, wrong);
}

function address(source, number, cited) {
  const marked = cited ? `&cite=${encodeURIComponent(cited.id)}` : "";
  return `/api/documents/${encodeURIComponent(source.id)}/pages/${number}?width=${WIDE}${marked}`;
}
