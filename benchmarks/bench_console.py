"""The console with a full sky, in headless Chromium without a GPU: the first useful picture, panning, and a change.

    python benchmarks/bench_console.py [--notices 2000]

Times are of the browser's own clock, median and worst; the budget that the design sets stands beside each.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import sys
from datetime import timedelta
from math import cos, sin
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests")]

from tests.integration.browser import chromium, seat  # noqa: E402
from tests.integration.console_fake import (  # noqa: E402
    Server,
    Stage,
    a_notice,
    circle,
    set_the_watch,
    volume,
)

PAN = """async (steps) => {
  const map = document.querySelector("#map canvas");
  const box = map.getBoundingClientRect();
  const at = (type, x, y) => map.dispatchEvent(new PointerEvent(type, {
    bubbles: true, clientX: box.x + x, clientY: box.y + y, pointerId: 1, isPrimary: true, button: 0, buttons: 1,
    pointerType: "mouse",
  }));
  at("pointerdown", 200, 150);
  const frames = [];
  let last = performance.now();
  for (let step = 1; step <= steps; step++) {
    document.dispatchEvent(new PointerEvent("pointermove", {
      bubbles: true, clientX: box.x + 200 - 2 * step, clientY: box.y + 150 + step, pointerId: 1, isPrimary: true,
      button: 0, buttons: 1, pointerType: "mouse",
    }));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));
    const now = performance.now();
    frames.push(now - last);
    last = now;
  }
  at("pointerup", 200 - 2 * steps, 150 + steps);
  return frames;
}"""


def fill(stage: Stage, count: int) -> None:
    """Notices all over the agreed area, most of them circles, some with many corners."""
    rng = random.Random(20261125)
    for number in range(count):
        party = rng.choice(("amber", "birch", "cedar"))
        start = stage.now + timedelta(minutes=rng.uniform(-60, 240))
        middle = (33.36 + rng.uniform(-0.6, 0.6), -38.72 + rng.uniform(-0.8, 0.8))
        space: dict[str, Any]
        if rng.random() < 0.7:
            space = circle(*middle, rng.uniform(300, 4_000))
        else:
            corners = sorted(rng.uniform(0, 6.283) for _ in range(rng.choice((4, 8, 20))))
            reach = rng.uniform(0.005, 0.05)
            space = {"polygon": [[middle[0] + reach * sin(turn), middle[1] + reach * cos(turn)] for turn in corners]}
        made = volume(start, start + timedelta(minutes=rng.uniform(20, 90)), 0, rng.uniform(300, 3_000), **space)
        stage.picture["notices"].append(a_notice(party, f"{party[0].upper()}-{number + 1000:04}", made))


def measure(count: int) -> dict[str, Any]:
    """First picture, frames of a pan, and one change, milliseconds."""
    stage = Stage()
    set_the_watch(stage)
    fill(stage, count)
    with chromium() as browser, Server(stage) as server, seat(browser) as desk:
        page = desk.page
        page.add_init_script(
            "new MutationObserver(() => { if (!window.firstAt && document.querySelector('[data-row]')"
            " && document.querySelector('#map canvas')) window.firstAt = performance.now(); })"
            ".observe(document, {childList: true, subtree: true});"
        )
        page.goto(server.url)
        page.locator("#map canvas").first.wait_for(timeout=60_000)
        for _ in range(200):
            first = page.evaluate("() => window.firstAt ?? 0")
            if first:
                break
            page.wait_for_timeout(50)
        fetched = page.evaluate(
            "() => performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/v1/picture'))"
            ".map((one) => [one.startTime, one.responseEnd])[0]"
        )
        page.wait_for_timeout(1_500)
        frames = page.evaluate(PAN, 40)
        before = page.evaluate("() => performance.now()")
        stage.picture["notices"].append(a_notice("birch", "B-9999", stage.picture["notices"][-1]["volumes"][0]))
        stage.tell()
        page.locator("[data-row='notice birch/B-9999'], [data-row]").first.wait_for()
        change = page.evaluate("() => performance.now()") - before
    return {
        "notices": count,
        "first_picture_ms": round(first),
        "of_it_the_server_ms": round(fetched[1] - fetched[0]),
        "of_it_before_asking_ms": round(fetched[0]),
        "pan_frame_ms": {"p50": round(statistics.median(frames), 1), "worst": round(max(frames), 1)},
        "pan_frames_a_second": round(1000 / statistics.mean(frames), 1),
        "change_ms": round(change),
        "complaints": desk.complaints,
    }


def main() -> None:
    """Prints the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--notices", type=int, default=2_000)
    print(json.dumps(measure(parser.parse_args().notices), indent=2))


if __name__ == "__main__":
    main()
