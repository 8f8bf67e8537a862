// The floor: what waits, where it is, when, how high, and what is chosen.
import { h, levelMark, ltr, replaceKeeping } from "../dom.js";
import { at, band, countdown, distance } from "../format.js";
import { say } from "../words.js";
import { change, findNotice, noticeKey, state } from "../state.js";
import { now } from "../clock.js";
import { actionList } from "../list.js";
import { drawDraft, mapBox, showVolumes } from "../map.js";
import { timeBar } from "../timebar.js";
import { profileStrip } from "../profile.js";
import { conflictKey } from "../rows.js";

/** The strip at the map's lower edge: the conflict in alarm, else the one that comes first, and a way to it. */
function conflictStrip(hotKey) {
  const coming = state.picture.conflicts
    .filter((one) => !(at(one.end) < now()))
    .sort((one, other) => at(one.start) - at(other.start));
  const hot = coming.find((one) => [one.one, one.other].some((side) => noticeKey(side) === hotKey));
  const conflict = hot ?? coming[0];
  if (!conflict) return null;
  const pair = [conflict.one, conflict.other].map((one) => findNotice(noticeKey(one))).filter(Boolean);
  const start = at(conflict.start);
  const when = Number.isNaN(start)
    ? null
    : start > now()
      ? say("map.begins", countdown(start, now()))
      : say("map.began", ltr(conflict.start.slice(11, 16) + "Z"));
  const ground =
    conflict.horizontal_m[1] > 0 ? say("map.apart", ltr(distance(conflict.horizontal_m[1]))) : say("map.meets");
  const volume = pair.find((one) => one.own)?.volumes[0] ?? pair[0]?.volumes[0];
  const show = () => (
    change({ chosen: { type: "conflict", key: conflictKey(conflict) } }),
    showVolumes(pair.flatMap((one) => one.volumes))
  );
  return h(
    "div",
    { class: hot ? "cstrip hot" : "cstrip" },
    levelMark(hot ? "warning" : "caution"),
    h(
      "span",
      {},
      h("b", {}, say("map.conflict", ltr(conflict.number))),
      " ",
      say("map.strip", ltr(conflict.one.id), ltr(conflict.other.id)),
      when ? [" · ", when] : null,
      " · ",
      ground,
      volume ? [" · ", ltr(band(volume.lower, volume.upper))] : null,
    ),
    h("button", { class: "btn small", "data-key": "show-conflict", on: { click: show } }, say("map.show")),
  );
}

/** Children of the main area: list, centre, and the pane at the side that main.js gives. */
export function floorView(rows, side, hotKey, centre) {
  drawDraft(null);
  const under = conflictStrip(hotKey);
  replaceKeeping(centre, mapBox(under), timeBar(hotKey), profileStrip(hotKey));
  return [actionList(rows), centre, side];
}
