"""
One text field on its way, whole or in pieces, with the same outcome.

THE STREAMING LAW: for every way of cutting a text into pieces, what `feed` and `finish` return, put together,
is what one `feed` of the whole text and `finish` return; and no character of a value that is redacted or
blocked is ever among it. Why that holds stands in `docs/streaming.md`.

A field has no state but its own. Once it is blocked it returns nothing more.

tests/guard/test_streaming_law.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from assaymark.guard.answers import Answer
from assaymark.guard.lens import Asked, Hit, Lapse, Lens, judged
from assaymark.guard.pages import NO_PLACE, Border, PageSearch, context_of, pages
from assaymark.guard.rewriting import Region, Rewriter

MAX_CHARACTERS = 1_000_000
"""Longest text that is judged as a whole where a rule asks for that."""


@dataclass(slots=True)
class Seen:
    """What was found in a field, with places in its own text."""

    hits: list[Hit] = field(default_factory=list)
    lapses: list[Lapse] = field(default_factory=list)
    changed: bool = False
    blocked: bool = False

    def lapse(self, lapse: Lapse) -> None:
        """Note that somebody could not judge."""
        if lapse not in self.lapses:
            self.lapses.append(lapse)
        self.blocked = self.blocked or not lapse.passed


class TextField:
    """Judges one field.

    Args:
        lens: What is looked at.
        rewriter: What takes the place of values.
        context: What the text is read with, such as the name of a key; it is neither changed nor returned.
        holds: Whether nothing is returned before the text is whole.
        foreseen: Answers that are there already, by what was judged.
        until: When all of it has to be judged, by the monotonic clock; by default each piece has time of
            its own.
    """

    def __init__(
        self,
        lens: Lens,
        rewriter: Rewriter,
        *,
        context: str = "",
        holds: bool = False,
        foreseen: Mapping[str, Mapping[str, Answer]] | None = None,
        until: float | None = None,
    ) -> None:
        self._lens, self._rewriter = lens, rewriter
        self._holds = holds or not lens.can_stream
        self._foreseen = foreseen or {}
        self._until = until
        self.seen = Seen()
        self._window = context
        """The page at work, and what is read with it."""
        self._start = self._sent = len(context)
        self._offset = -len(context)
        self._search = PageSearch(self._start)
        self._reached = self._start
        self._whole: list[str] = [context]
        self._size = 0

    @property
    def blocked(self) -> bool:
        """Whether nothing more leaves."""
        return self.seen.blocked

    def parts(self) -> Iterator[tuple[str, Seen]]:
        """Yield what was found, with a JSON pointer: a text has no parts."""
        yield "", self.seen

    @property
    def held(self) -> int:
        """How many characters have come and were neither returned nor replaced."""
        return len(self._window) - self._sent

    @property
    def at_work(self) -> int:
        """How many characters may be looked at with the next piece or at the end, beside its own."""
        return max(len(self._window), self._size if self._lens.by_text else 0)

    def hold(self) -> None:
        """Return nothing before the text is whole, and so judge it once."""
        self._holds = True

    def feed(self, text: str) -> str:
        """Take the next piece; return what may leave."""
        if self._is_over():
            return ""
        self._window += text
        self._size += len(text)
        if self._lens.by_text and self._size <= MAX_CHARACTERS:
            self._whole.append(text)
        if self._holds:
            return ""
        left = self._turned_pages()
        return left if self._is_over() else left + self._settled_part()

    def finish(self) -> str:
        """Say that the text is whole; return the rest."""
        if self._is_over() or not self._size:
            return ""
        if not self._lens.can_stream:
            return self._judge_whole()
        left = self._turned_pages()
        if not self._is_over():
            left += self._judge(self._window, len(self._window), is_final=True, remember=True)
        if not self._is_over() and self._lens.by_text:
            self._judge_whole()
        return left

    def _is_over(self) -> bool:
        return self.seen.blocked

    # -- page by page

    def _turned_pages(self) -> str:
        """Judge and leave behind every page that has ended."""
        parts: list[str] = []
        while not self._is_over():
            border = self._search.border(self._window, self._lens.settled)
            if border is None:
                break
            parts.append(self._turn(border))
        return "".join(parts)

    def _turn(self, border: Border) -> str:
        text = self._window[: border.seen]
        if border.is_final:
            return self._given_up(text)
        place = min(border.end, self._rewriter.settled(text[: border.end]))
        left = self._judge(text, place, is_final=False, remember=True)
        if self._is_over() or not self._search.is_enough(self._reached):
            return left
        self._leave(self._reached)
        return left

    def _given_up(self, text: str) -> str:
        """Return what is final of a page that is too long; judge the rest as well as can be, if at all."""
        settled = self._rewriter.settled(text[: self._lens.settled(text)])
        left = self._judge(text, settled, is_final=False, remember=False)
        if not self._is_over():
            self._note(each.lapse(NO_PLACE) for each in self._lens.by_page)
        if not self._is_over():
            left += self._judge(text, len(text), is_final=True, remember=False)
            self._leave(len(text))
        return left

    def _leave(self, end: int) -> None:
        """Begin the next page at `end`, which must hang on the text alone and not on what was sent."""
        cut = context_of(self._window, end)
        self._window = self._window[cut:]
        self._offset += cut
        self._start, self._sent = end - cut, max(end, self._sent) - cut
        self._search = PageSearch(self._start)

    def _settled_part(self) -> str:
        place = self._lens.settled(self._window)
        place = self._rewriter.settled(self._window[:place])
        if place <= self._sent:
            return ""
        return self._judge(self._window, place, is_final=False, remember=False)

    def _judge(self, window: str, place: int, *, is_final: bool, remember: bool) -> str:
        """Judge `window`; return what becomes of it up to `place`, or up to what blocks it."""
        hits = self._hits(self._lens.by_page, window, remember=remember)
        if self._is_over():
            return ""
        return self._apply(window, hits, place, is_final=is_final)

    # -- as a whole

    def _judge_whole(self) -> str:
        """Ask those who have to see the whole text; return what becomes of it if they may change it."""
        if self._size > MAX_CHARACTERS:
            self._note(
                each.lapse(f"longer than {MAX_CHARACTERS:,} characters")
                for each in self._lens.by_text
            )
            return "" if self._is_over() or self._lens.can_stream else self._window[self._sent :]
        text = "".join(self._whole)
        hits = self._hits(self._lens.by_text, text, remember=True)
        if self._lens.can_stream:
            self.seen.hits += [self._in_field(each, len(self._whole[0])) for each in hits]
            return ""
        return "" if self._is_over() else self._apply(text, hits, len(text), is_final=True)

    # -- both

    def _hits(self, asked: Sequence[Asked], text: str, *, remember: bool) -> list[Hit]:
        # Only those that read by page were asked before.
        answers = self._foreseen.get(text) if asked is self._lens.by_page else None
        if answers is None:
            (answers,) = self._lens.answers(asked, [text], remember=remember, until=self._until)
        hits, lapses = judged(asked, answers, len(text))
        self._note(lapses)
        return hits

    def _note(self, lapses: Iterable[Lapse]) -> None:
        for each in lapses:
            self.seen.lapse(each)

    def _apply(self, window: str, hits: Sequence[Hit], place: int, *, is_final: bool) -> str:
        regions = self._rewriter.regions(window, hits)
        for region in reversed(regions):
            # What a value that is not final will be called is not either.
            if not is_final and region.start < place <= region.end:
                place = region.start
        self._reached, place = place, max(place, self._sent)
        left, reached = self._rewritten(window, regions, place)
        self.seen.hits += [
            self._in_field(each, -self._offset)
            for each in hits
            if each.end > self._start and self._sent <= max(each.start, self._start) < reached
        ]
        self._sent = place
        return left

    def _in_field(self, hit: Hit, before: int) -> Hit:
        return hit._replace(start=max(hit.start - before, 0), end=hit.end - before)

    def _rewritten(self, window: str, regions: Sequence[Region], place: int) -> tuple[str, int]:
        """Return what leaves, and the place before which hits are told."""
        now = [each for each in regions if each.end > self._sent and each.start < place]
        stop = next((n for n, each in enumerate(now) if each.is_blocked), len(now))
        parts: list[str] = []
        at = self._sent
        for region, new in zip(
            now[:stop], self._rewriter.replacements(window, now[:stop]), strict=True
        ):
            # What is read with the text is not part of it.
            parts += [window[at : max(region.start, at)], new]
            at = region.end
            self.seen.changed = True
        if stop < len(now):
            self.seen.blocked = True
            parts.append(window[at : max(now[stop].start, at)])
            return "".join(parts), now[stop].end
        return "".join(parts) + window[at:place], place


def to_judge(lens: Lens, text: str, context: str = "") -> list[str]:
    """Return what those who read by page will be asked about a text that is there as a whole."""
    if not lens.by_page or not text:
        return []
    return list(pages(text, lens.settled, context))
