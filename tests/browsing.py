"""A page in a real browser, for the tests of the report.

Needs Playwright and a Chromium: the one that the environment variable NMFD_CHROMIUM names, or that
is found as ``chromium``, ``chromium-browser`` or ``google-chrome``.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

#: Milliseconds; the browser is done long before that, also on a machine with other work.
PATIENCE = 120_000

WIDE, NARROW = {"width": 1400, "height": 900}, {"width": 390, "height": 844}


def _find_chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    found = (shutil.which(name) for name in names)
    return os.environ.get("NMFD_CHROMIUM") or next((path for path in found if path), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="needs Playwright: pip install playwright"
    )
    executable = _find_chromium()
    if executable is None:
        pytest.skip("needs Chromium: apt-get install chromium, or set NMFD_CHROMIUM")
    with playwright.sync_playwright() as session:
        arguments = ["--no-sandbox", "--mute-audio"]
        try:
            chromium = session.chromium.launch(
                executable_path=executable, args=arguments, timeout=PATIENCE
            )
        except playwright.Error as error:
            pytest.skip(f"Chromium does not start here: {str(error).splitlines()[0]}")
        yield chromium
        chromium.close()


#: Listens to what each track sends to the loudspeaker: `nmfdTaps` returns the peak of each.
TAPS = """
const connect = AudioNode.prototype.connect;
const taps = [];
AudioNode.prototype.connect = function (target, ...rest) {
  if (target === this.context.destination) {
    const tap = new AnalyserNode(this.context, { fftSize: 8192 });
    connect.call(this, tap);
    taps.push(tap);
  }
  return connect.call(this, target, ...rest);
};
window.nmfdTaps = () => taps.map((tap) => {
  const samples = new Float32Array(tap.fftSize);
  tap.getFloatTimeDomainData(samples);
  return samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
});
"""


class Visit:
    """A page that is looked at, and all that it said and asked for."""

    def __init__(self, browser: Any, report: Path, **options: Any) -> None:
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()
        self.said: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.add_init_script(TAPS)
        self.page.goto(report.as_uri())

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self.page.evaluate("nmfdReport.state()")
        return state

    def until(self, condition: str) -> None:
        self.page.wait_for_function(f"(() => {{const s = nmfdReport.state(); return {condition}}})")

    def until_heard(self, condition: str) -> None:
        """Wait until the peaks of what leaves each track, ``p``, meet a condition."""
        self.page.wait_for_function(f"(() => {{const p = nmfdTaps(); return {condition}}})")

    def gains(self) -> list[float]:
        gains: list[float] = self.state()["gains"]
        return gains

    def pressed(self, selector: str) -> bool:
        return bool(self.page.get_attribute(selector, "aria-pressed") == "true")
