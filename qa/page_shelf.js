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
    this.found = { documents: [], total: 0, folders: [] };
    this.ticked = new Set(); // paths, and folders with a / at their ends
    this.confirming = null; // the path of the file that may be deleted
    this.asked = 0;
    this.filter = make("input", { type: "search", className: "qa-filter", placeholder: "Filter by name", aria: { label: "Filter the documents by name" }, oninput: () => this.refresh().catch(({ message }) => say(message)) });
    this.list = make("ul", { id: "qa-files", aria: { labelledby: "qa-documents" } });
    this.elements = [make("h2", { id: "qa-documents", tabIndex: -1 }, "Documents"), this.filter, this.list];
    this.narrowed = make("p", { id: "qa-narrowed", hidden: true });
  }

  /** Read the list anew, as far as it is shown: there may be a hundred thousand. */
  async refresh() {
    const mine = ++this.asked;
    const found = await ask(`/api/documents?${new URLSearchParams({ q: this.filter.value, count: SHOWN })}`);
    if (mine !== this.asked) return;
    this.found = found;
    this.show();
    await this.untick();
  }

  /** Take away the ticks of what can be asked no more, and say so: nobody could. */
  async untick() {
    for (const path of [...this.ticked].filter((each) => !isIn(this.found, each))) {
      const found = await ask(`/api/documents?${new URLSearchParams({ q: path, count: SHOWN })}`); // the list may be filtered
      if (isIn(found, path) || found.total > SHOWN || !this.ticked.delete(path)) continue;
      this.tell();
      say(`${path} is gone: it is not ticked any more.`);
    }
  }

  /** Show all again, those first that could not be read. */
  async showFailed() {
    this.filter.value = "";
    await this.refresh();
  }

  /** Return the globs of what is ticked, null for all there is. */
  within() {
    return this.ticked.size ? [...this.ticked].map((path) => (path.endsWith("/") ? `${literal(path)}*` : literal(path))) : null;
  }

  show() {
    const { documents, total, folders } = this.found;
    const [failed, others] = [documents.filter(({ reason }) => reason), documents.filter(({ reason }) => !reason)];
    const items = [...failed.map((file) => this.file(file)), ...folders.map(({ path, files }) => this.folder(path, files)), ...others.map((file) => this.file(file))];
    if (total > documents.length) items.push(make("li", { className: "qa-file" }, `and ${number(total - documents.length)} more: filter them by name`));
    if (!total) items.push(make("li", { className: "qa-file" }, this.filter.value.trim() ? "No document has such a name." : "There is nothing in this folder yet."));
    this.filter.hidden = total < 2 && !this.filter.value;
    const focused = document.activeElement?.dataset.key;
    this.list.replaceChildren(...items);
    if (focused) this.list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  folder(path, many) {
    return make("li", { className: "qa-file qa-folder" }, make("div", {}, this.tick(path, `Ask only ${path}`), make("bdi", { className: "qa-file-path" }, path), make("span", { className: "qa-chip" }, count(many, "file"))));
  }

  file(file) {
    const said = file.reason ? make("p", { className: "qa-why" }, file.reason) : file.title && file.title !== file.path ? make("p", { dir: "auto" }, file.title) : null;
    const removable = document.getElementById("qa-add") && !file.path.includes("!/");
    return make("li", { className: `qa-file qa-is-${file.state}` },
      make("div", {},
        file.id ? this.tick(file.path, `Ask only ${file.path}`) : null,
        make("bdi", { className: "qa-file-path" }, file.id ? opening(file) : file.path),
        chip(file),
        removable ? this.remover(file) : null),
      said,
      removable && this.confirming === file.path ? this.confirmation(file) : null);
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
  remover({ path }) {
    const asks = () => {
      this.confirming = path;
      this.show();
      this.list.querySelector(".qa-asks button:last-of-type").focus();
    };
    return make("button", { type: "button", className: "qa-remove", title: `Remove ${path}`, data: { key: `remove ${path}` }, aria: { label: `Remove ${path}` }, onclick: asks }, "×");
  }

  /** Ask back; it stands as long as it takes, though the list is read anew. */
  confirmation(file) {
    const keeps = () => {
      this.confirming = null;
      this.show();
      this.list.querySelector(`[data-key="${CSS.escape(`remove ${file.path}`)}"]`)?.focus();
    };
    const row = make("p", { className: "qa-links qa-asks" }, "Delete this file from the folder? ",
      make("button", { type: "button", data: { key: `delete ${file.path}` }, onclick: () => this.remove(file, row) }, "Delete it"),
      make("button", { type: "button", data: { key: `keep ${file.path}` }, onclick: keeps }, "Keep it"));
    return row;
  }

  async remove(file, row) {
    try {
      await api(`/api/documents?path=${encodeURIComponent(file.path)}`, { method: "DELETE" });
      say(`${file.path} was deleted.`);
      this.confirming = null;
      this.ticked.delete(file.path);
      this.tell();
      await this.refresh();
      document.getElementById("qa-documents").focus();
    } catch (error) {
      row.replaceChildren(make("span", { className: "qa-error", role: "alert" }, error.message));
    }
  }
}

/** Tell whether a file that can be asked, or a folder, is in a list. */
const isIn = ({ documents, folders }, path) => folders.some((each) => each.path === path) || documents.some((each) => each.id && each.path === path);

function chip(file) {
  const state = file.id && file.reason ? "partial" : file.state;
  return make("span", { className: "qa-chip", title: WHY[state] ?? "" }, STATES[state] ?? state);
}

function opening(file) {
  const opens = (event) => openDocument(file, event.currentTarget);
  return make("button", { type: "button", className: "qa-name", data: { key: `open ${file.path}` }, aria: { label: `Open ${file.path}` }, onclick: opens }, file.path);
}
