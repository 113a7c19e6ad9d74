/* The documents: found by a word of their names, ticked to ask only these, opened, taken out of the folder. */

import { openDocument } from "./page_source.js";
import { api, ask, count, make, number, say } from "./page_tools.js";

const SHOWN = 500;
const STATES = { indexed: "Ready", waiting: "By words", failed: "Not read", partial: "In part" };
const WHY = { indexed: "All of it can be found", waiting: "It can be found by its words; its meaning is being learnt", partial: "A part of it could not be read" };

/** Write a path so that as a glob it means just itself. */
const literal = (path) => path.replace(/[*?[]/g, "[$&]");

export class Shelf {
  constructor() {
    this.files = [];
    this.ticked = new Set(); // paths, and folders with a / at their ends
    this.filter = make("input", { type: "search", className: "qa-filter", placeholder: "Filter by name", aria: { label: "Filter the documents by name" }, oninput: () => this.show() });
    this.list = make("ul", { id: "qa-files", aria: { labelledby: "qa-documents" } });
    this.elements = [make("h2", { id: "qa-documents", tabIndex: -1 }, "Documents"), this.filter, this.list];
    this.narrowed = make("p", { id: "qa-narrowed", hidden: true });
  }

  /** Read the list anew; what is gone is no longer ticked. */
  async refresh() {
    const { documents } = await ask("/api/documents");
    this.files = documents.sort((a, b) => Boolean(b.reason) - Boolean(a.reason));
    const there = new Set(documents.flatMap(({ path }) => [path, ...above(path)]));
    for (const each of this.ticked) if (!there.has(each)) this.ticked.delete(each);
    this.show();
    this.tell();
  }

  /** Return the globs of what is ticked, null for all there is. */
  within() {
    return this.ticked.size ? [...this.ticked].map((path) => (path.endsWith("/") ? `${literal(path)}*` : literal(path))) : null;
  }

  show() {
    const words = this.filter.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const fits = ({ path, title }) => words.every((word) => `${path} ${title}`.toLocaleLowerCase().includes(word));
    const files = this.files.filter(fits);
    const folders = new Map();
    for (const { path } of files) for (const each of above(path)) folders.set(each, (folders.get(each) ?? 0) + 1);
    const items = [...folders].sort(([a], [b]) => a.localeCompare(b)).slice(0, SHOWN).map(([path, many]) => this.folder(path, many));
    items.push(...files.slice(0, SHOWN).map((file) => this.file(file)));
    if (files.length > SHOWN) items.push(make("li", { className: "qa-file" }, `and ${number(files.length - SHOWN)} more: filter them by name`));
    if (!files.length) items.push(make("li", { className: "qa-file" }, this.files.length ? "No document has such a name." : "There is nothing in this folder yet."));
    this.filter.hidden = this.files.length < 2;
    const focused = document.activeElement?.dataset.key;
    this.list.replaceChildren(...items);
    if (focused) this.list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  folder(path, many) {
    return make("li", { className: "qa-file qa-folder" }, make("div", {}, this.tick(path, `Ask only ${path}`), make("bdi", { className: "qa-file-path" }, path), make("span", { className: "qa-chip" }, count(many, "file"))));
  }

  file(file) {
    const said = file.reason ? make("p", { className: "qa-why" }, file.reason) : file.title && file.title !== file.path ? make("p", { dir: "auto" }, file.title) : null;
    const item = make("li", { className: `qa-file qa-is-${file.state}` },
      make("div", {},
        file.id ? this.tick(file.path, `Ask only ${file.path}`) : null,
        make("bdi", { className: "qa-file-path" }, file.id ? opening(file) : file.path),
        chip(file),
        document.getElementById("qa-add") && !file.path.includes("!/") ? this.remover(file, () => item) : null),
      said);
    return item;
  }

  tick(path, label) {
    const change = ({ target }) => {
      if (target.checked) this.ticked.add(path);
      else this.ticked.delete(path);
      this.tell();
    };
    return make("input", { type: "checkbox", checked: this.ticked.has(path), title: "Ask only what is ticked", data: { key: `tick ${path}` }, aria: { label }, onchange: change });
  }

  /** Say above the question box what is asked, if that is not all there is. */
  tell() {
    const some = [...this.ticked];
    this.narrowed.hidden = !some.length;
    if (!some.length) return;
    const all = () => (this.ticked.clear(), this.show(), this.tell());
    this.narrowed.replaceChildren(
      "Asking only ", make("b", { dir: "auto" }, some.length === 1 ? some[0] : `${number(some.length)} documents and folders`), ". ",
      make("button", { type: "button", onclick: all }, "Ask all"));
  }

  /** Make the button that takes a file out of the folder, once it was asked back. */
  remover(file, item) {
    const first = make("button", { type: "button", className: "qa-remove", title: `Remove ${file.path}`, aria: { label: `Remove ${file.path}` } }, "×");
    first.onclick = () => {
      const keep = make("button", { type: "button", onclick: () => (row.remove(), first.focus()) }, "Keep it");
      const row = make("p", { className: "qa-links qa-asks" }, "Delete this file from the folder? ", make("button", { type: "button", onclick: () => this.remove(file, row) }, "Delete it"), keep);
      item().querySelector(".qa-asks")?.remove();
      item().append(row);
      keep.focus();
    };
    return first;
  }

  async remove(file, row) {
    try {
      await api(`/api/documents?path=${encodeURIComponent(file.path)}`, { method: "DELETE" });
      say(`${file.path} was deleted.`);
      await this.refresh();
      document.getElementById("qa-documents").focus();
    } catch (error) {
      row.replaceChildren(make("span", { className: "qa-error", role: "alert" }, error.message));
    }
  }
}

/** Return the folders that a path is in, each with a / at its end. */
function above(path) {
  const parts = path.split("!/")[0].split("/").slice(0, -1);
  return parts.map((_, at) => `${parts.slice(0, at + 1).join("/")}/`);
}

function chip(file) {
  const state = file.id && file.reason ? "partial" : file.state;
  return make("span", { className: "qa-chip", title: WHY[state] ?? "" }, STATES[state] ?? state);
}

function opening(file) {
  const opens = (event) => openDocument(file, event.currentTarget);
  return make("button", { type: "button", className: "qa-name", data: { key: `open ${file.path}` }, aria: { label: `Open ${file.path}` }, onclick: opens }, file.path);
}
