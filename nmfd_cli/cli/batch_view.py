"""A batch as it is shown: one bar over all recordings on a terminal, in a log a line for each."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from nmfd_cli.batch.results import Done, Ended, Event, Failed, Progress, Skipped
from nmfd_cli.cli.messages import (
    Reporter,
    called,
    decibels,
    error_line,
    say_error,
    say_trace,
    say_warning,
    table,
)

if TYPE_CHECKING:
    from nmfd_cli.batch.plan import Job
    from nmfd_cli.batch.results import WrittenSeparation
    from nmfd_cli.batch.run import BatchSummary

#: Of a recording's time, what has passed when a station begins and when it ends.
_STATIONS: Mapping[str, tuple[float, float]] = {
    "reading": (0.0, 0.05),
    "transcribing": (0.05, 0.45),
    "factorising": (0.45, 0.9),
    "writing": (0.9, 1.0),
}

_ONE = "{desc:<40.40} {percentage:3.0f}%|{bar:24}| {elapsed}"
_MANY = "{desc} {percentage:3.0f}%|{bar:24}| {remaining} left"


class BatchView:
    """Shows events of `batch.run.run_jobs`."""

    def __init__(self, jobs: "Sequence[Job]", reporter: Reporter) -> None:
        self._seconds = [job.seconds or 1.0 for job in jobs]
        self._reporter = reporter
        self._bar: Any = None
        self._shares: dict[int, float] = {}
        self._stages: dict[int, str] = {}
        self._n_ended = 0

    @contextmanager
    def shown(self) -> "Iterator[BatchView]":
        """Show the bar where somebody watches."""
        if self._reporter.shows_tables:
            from tqdm import tqdm

            self._bar = tqdm(
                total=sum(self._seconds),
                bar_format=_ONE if self._is_single else _MANY,
                smoothing=0,
                leave=False,
                file=sys.stderr,
            )
        try:
            yield self
        finally:
            if self._bar is not None:
                self._bar.close()
                self._bar = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._advance(event)
        elif isinstance(event, Ended):
            self._end(event)

    @property
    def _is_single(self) -> bool:
        return len(self._seconds) == 1

    def _advance(self, event: Progress) -> None:
        is_new = self._stages.get(event.index) != event.stage
        name = called(event.input)
        if is_new:
            self._stages[event.index] = event.stage
            self._above(lambda: self._reporter.detail(f"{name}: {event.stage}"))
        if event.stage in _STATIONS:
            begin, end = _STATIONS[event.stage]
            self._shares[event.index] = begin + (end - begin) * min(1.0, event.share)
        self._refresh(f"{event.stage} {name}" if self._is_single else None, at_once=is_new)

    def _end(self, event: Ended) -> None:
        self._n_ended += 1
        self._shares[event.index] = 1.0
        if not isinstance(event, Done):  # nothing was worked off: it is less to do
            self._shares[event.index] = 0.0
            if self._bar is not None:
                self._bar.total -= self._seconds[event.index]
        self._above(lambda: self._show_end(event))
        if self._n_ended < len(self._seconds):
            self._refresh(at_once=True)

    def _refresh(self, text: str | None = None, *, at_once: bool) -> None:
        """Show how far it is: at once where a line has been written above, else now and then."""
        if self._bar is None:
            return
        if not self._is_single:
            text = f"{self._n_ended}/{len(self._seconds)} files"
        if text is not None:
            self._bar.set_description_str(text, refresh=False)
        worked_off = sum(share * self._seconds[index] for index, share in self._shares.items())
        self._bar.update(worked_off - self._bar.n)
        if at_once:
            self._bar.refresh()

    def _above(self, write: Callable[[], None]) -> None:
        """Write lines above the bar."""
        if self._bar is not None:
            self._bar.clear()
        write()

    def _show_end(self, event: Ended) -> None:
        if not self._reporter.is_quiet:
            for warning in event.warnings:
                say_warning(warning)
        if isinstance(event, Failed):
            say_trace(event.trace)
            say_error(named_reason(event, is_single=self._is_single))
        elif isinstance(event, Skipped):
            self._reporter.line(f"{event.input}: finished already")
        elif isinstance(event, Done):
            self._show_done(event)

    def _show_done(self, event: Done) -> None:
        duration = f"{event.result.recording.seconds:.1f} s in {event.seconds:.1f} s"
        if self._is_single and self._reporter.shows_tables:
            self._reporter.line(f"{called(event.input)} ({duration})")
            for line in stem_table(event.result):
                self._reporter.line(f"  {line}")
            if event.result.accompaniment_share is not None:
                share = 100 * event.result.accompaniment_share
                self._reporter.line(f"  other: {share:.0f} % of the energy is not drums")
            if event.result.report is not None:
                self._reporter.line(f"  report: {event.result.report}")
            return
        report = [event.result.report] if event.result.report is not None else []
        paths = [*(stem.path for stem in event.result.stems), *report]
        names = ", ".join(called(path, "standard output") for path in paths)
        self._reporter.line(f"{called(event.input)}: {names} ({duration})")


def named_reason(event: Failed, *, is_single: bool = False) -> str:
    """Return why a recording failed, and among several which one."""
    reason = event.reason if event.error is None else error_line(event.error)
    return reason if is_single or event.input in reason else f"{event.input}: {reason}"


def stem_table(result: "WrittenSeparation") -> list[str]:
    """Return the lines of a table of stems."""
    rows = [
        (
            stem.stem,
            f"{100 * stem.energy_share:.1f} %",
            decibels(stem.peak),
            "-" if stem.onsets is None else str(stem.onsets),
            called(stem.path, "standard output"),
        )
        for stem in result.stems
    ]
    return table(("stem", "energy", "peak", "onsets", "file"), rows, right="epo")


def summary_lines(summary: "BatchSummary") -> list[str]:
    """Return what became of a batch: the counts, then what failed; why was shown before."""
    line = f"{len(summary.done)} done, {len(summary.skipped)} skipped, {len(summary.failed)} failed"
    if summary.done:
        audio, seconds = summary.audio_seconds, max(summary.wall_seconds, 1e-3)
        line += f": {audio:.1f} s of audio in {seconds:.1f} s ({audio / seconds:.1f} x real time)"
    return [line, *(f"  failed: {event.input}" for event in summary.failed)]
