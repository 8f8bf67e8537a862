// One incident of the reference view, with each side's account beside the other. It merges none and calls none right.
import { free, h, ltr } from "../dom.js";
import { at, dateText, span, zuluText } from "../format.js";
import { say } from "../words.js";
import { claims, nameOf, names, note, sources, table, tag } from "./refparts.js";

/** One column for each who speaks, in the order given; what one does not speak of stays open. */
function topics(incident) {
  const speakers = [...new Set(incident.topics.flatMap((one) => one.claims.map((said) => said.by)))];
  const cell = (one, by) =>
    h(
      "td",
      {},
      one.claims
        .filter((said) => said.by === by)
        .map((said) =>
          h(
            "p",
            {},
            free(said.text),
            said.speaker ? [" ", h("span", { class: "quiet sm" }, free(said.speaker))] : null,
            sources(said.sources),
          ),
        ),
    );
  return table(
    [say("ref.topic"), ...speakers.map((by) => say("ref.said", free(nameOf(by))))],
    incident.topics.map((one) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, free(one.topic), note(one.note)),
        speakers.map((by) => cell(one, by)),
      ),
    ),
  );
}

function timeline(incident) {
  const row = (one) => {
    const clock = one.at
      ? one.approximate
        ? say("ref.about_time", ltr(one.at.slice(11)))
        : ltr(one.at.slice(11))
      : h("span", { class: "quiet" }, say("ref.no_time"));
    const printed = one.published.map((two) =>
      h("div", { class: "quiet sm" }, say("ref.as_printed", ltr(two.clock), free(two.zone))),
    );
    return h(
      "tr",
      {},
      h("td", {}, clock, printed),
      h("td", {}, free(nameOf(one.by))),
      h(
        "td",
        {},
        free(one.text),
        sources(one.sources),
        one.release ? h("div", { class: "quiet sm" }, free(one.release)) : null,
      ),
    );
  };
  // What has no clock time stands at the end, and is not sorted in among the others.
  const sorted = [
    ...incident.timeline.filter((one) => one.at).sort((one, other) => at(one.at) - at(other.at)),
    ...incident.timeline.filter((one) => !one.at),
  ];
  return table([say("ref.at"), say("ref.by"), ""], sorted.map(row));
}

function leadOf(one) {
  if (one.basis === "clock_times")
    return say(
      "ref.lead_between",
      span(one.lead_s * 1000),
      span(one.bracket_s[0] * 1000),
      span(one.bracket_s[1] * 1000),
    );
  if (one.basis === "words") return say("ref.lead_words", span(one.longer_than_s * 1000));
  return say("ref.lead_none");
}

/** One incident: what nobody contests, each account in its own column, and the lead time by each. */
export function incident(one) {
  const leads = one.lead_times.length
    ? [
        h("h2", {}, say("ref.lead")),
        table(
          [say("ref.by"), say("notice.lead"), say("ref.stated")],
          one.lead_times.map((lead) =>
            h(
              "tr",
              { "data-lead": lead.by },
              h("th", { scope: "row" }, free(nameOf(lead.by))),
              h("td", {}, leadOf(lead)),
              h("td", {}, free(lead.stated || "—"), sources(lead.sources)),
            ),
          ),
        ),
      ]
    : null;
  const when = (side) => [
    ltr(`${zuluText(at(side.first_at)).slice(0, 5)}Z`),
    " ",
    h("span", { class: "quiet sm" }, free(side.release)),
  ];
  const gaps = one.clock_gaps.length
    ? [
        h("h2", {}, say("ref.gaps")),
        h(
          "ul",
          { class: "dots" },
          one.clock_gaps.map((gap) =>
            h(
              "li",
              {},
              h("b", {}, free(nameOf(gap.by))),
              ": ",
              say("ref.gap", when(gap.earlier), when(gap.later), span(gap.least_s * 1000), span(gap.most_s * 1000)),
            ),
          ),
        ),
      ]
    : null;
  return [
    h("h1", {}, free(one.title)),
    h(
      "p",
      {},
      ltr(dateText(at(one.date))),
      " · ",
      free(names(one.parties)),
      one.scope === "elsewhere" ? [" ", tag(say("ref.elsewhere"))] : null,
    ),
    one.common_ground.length
      ? [
          h("h2", {}, say("ref.common")),
          h(
            "ul",
            { class: "dots" },
            one.common_ground.map((ground) => h("li", {}, free(ground.text), sources(ground.sources))),
          ),
        ]
      : null,
    one.topics.length ? [h("h2", {}, say("ref.accounts")), topics(one)] : null,
    leads,
    one.timeline.length ? [h("h2", {}, say("ref.timeline")), timeline(one)] : null,
    gaps,
    one.changes_after.length ? [h("h2", {}, say("ref.changes")), claims(one.changes_after)] : null,
    note(one.note),
  ];
}
