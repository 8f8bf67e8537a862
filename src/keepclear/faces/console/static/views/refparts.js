// Pieces that the sections of the reference view share: claims with who says them, and sources that are never loaded.
import { free, h, ltr } from "../dom.js";
import { say } from "../words.js";
import { change, state } from "../state.js";

export const view = () => state.reference.view;
export const nameOf = (id) => view().names[id] || id;
export const names = (ids) => ids.map(nameOf).join(", ");
export const tag = (words) => (words ? h("span", { class: "tag quiet" }, words) : null);
export const plain = (code) => String(code).replaceAll("_", " ");
export const note = (text) => (text ? h("p", { class: "hint" }, h("b", {}, say("ref.note"), ": "), free(text)) : null);

/** Sources as titles with their keys; addresses are shown as text in the list of sources, and never loaded. */
export const sources = (keys) =>
  h(
    "span",
    { class: "quiet sm refs" },
    (keys || []).map((key) => [
      " ",
      h("button", { class: "ref", on: { click: () => section("sources", key) } }, ltr(`[${key}]`)),
    ]),
  );
export const section = (name, anchor) => {
  change({ reference: { ...state.reference, section: name } });
  if (anchor) setTimeout(() => document.getElementById(`ref-${anchor}`)?.scrollIntoView({ block: "center" }), 50);
};

export const claim = (one) =>
  h(
    "li",
    { class: "claim" },
    h("b", {}, free(nameOf(one.by))),
    one.speaker ? [", ", h("span", { class: "quiet" }, free(one.speaker))] : null,
    ": ",
    free(one.text),
    sources(one.sources),
  );
export const claims = (list) => (list?.length ? h("ul", { class: "claims" }, list.map(claim)) : null);
export const table = (heads, rows) =>
  h(
    "table",
    { class: "accounts" },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        heads.map((one) => h("th", { scope: "col" }, one)),
      ),
    ),
    h("tbody", {}, rows),
  );
