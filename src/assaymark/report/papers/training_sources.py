"""
Section 2 of the summary of training content: where the data comes from.

Each source that documents name stands in the section that its method belongs to; one whose method does not
say is under 2.6, for the provider to place. Domains are the hosts of stated addresses, not a crawl's log.

tests/report/papers/test_training_summary.py
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from assaymark.model.manifest import Manifest, Scope, SourceStatement, Topic
from assaymark.report.declared_fields import is_address
from assaymark.report.papers.paper import Answer, Block, Field, Heading, field, named, said
from assaymark.report.papers.source_kinds import SourceKind, kind_of
from assaymark.report.papers.told import licences, period, stated

_TEXT = "text; other modalities, where there are any"


def sources(told: Manifest) -> Iterator[Block]:
    """Yield the blocks of section 2."""
    by_kind: dict[SourceKind, list[SourceStatement]] = {each: [] for each in SourceKind}
    for each in told.sources:
        by_kind[kind_of(each)].append(each)

    def listed(kind: SourceKind) -> list[Answer]:
        return [_answer(each, told) for each in by_kind[kind]]

    yield Heading(2, "2. List of data sources")
    yield Heading(3, "2.1. Publicly available datasets")
    yield _used("Whether publicly available datasets were used", by_kind[SourceKind.PUBLIC])
    yield field("Modalities that they cover", remains=_TEXT)
    yield field(
        "Large publicly available datasets, each with its name and a link",
        listed(SourceKind.PUBLIC),
        remains="all that count as large by the template",
    )
    yield field("General description of the other publicly available datasets")
    yield Heading(3, "2.2. Private datasets obtained from third parties")
    yield Heading(
        4, "2.2.1. Datasets commercially licensed by rightsholders or their representatives"
    )
    yield _used(
        "Whether there are licence agreements with rightsholders", by_kind[SourceKind.LICENSED]
    )
    yield field("Modalities that they cover", listed(SourceKind.LICENSED), remains=_TEXT)
    yield Heading(4, "2.2.2. Private datasets obtained from other third parties")
    yield _used(
        "Whether private datasets were obtained from other third parties",
        by_kind[SourceKind.PRIVATE],
    )
    yield field(
        "Those that are publicly known, by name; the others by a general description",
        listed(SourceKind.PRIVATE),
        remains="all of them, with the modalities that they cover",
    )
    yield Heading(3, "2.3. Data crawled and scraped from online sources")
    yield from _crawled(told, by_kind[SourceKind.CRAWLED], listed(SourceKind.CRAWLED))
    yield Heading(3, "2.4. User data")
    yield _used("Whether data from interactions of users with the model was used", [])
    yield _used(
        "Whether data from users of the provider's other services was used",
        by_kind[SourceKind.USERS],
    )
    yield field("Those services, in general terms, and the modalities", listed(SourceKind.USERS))
    yield Heading(3, "2.5. Synthetic data")
    yield from _synthetic(told, by_kind[SourceKind.SYNTHETIC], listed(SourceKind.SYNTHETIC))
    yield Heading(3, "2.6. Other sources of data")
    yield field(
        "Sources that belong to none of the sections above",
        listed(SourceKind.UNPLACED),
        remains=(
            "to place each of these in its section: no document says how it was obtained"
            if by_kind[SourceKind.UNPLACED]
            else ""
        ),
    )


def _crawled(
    told: Manifest, crawled: list[SourceStatement], listed: list[Answer]
) -> Iterator[Field]:
    yield field(
        "Whether the provider used crawlers, or somebody did on its behalf",
        [Answer("the audited data was crawled or scraped", "documents")] if crawled else [],
        remains="who crawled" if crawled else "yes or no, for all training content",
    )
    crawlers = [
        Answer(named(each.crawler), named(each.place.file))
        for each in told.opt_outs
        if each.crawler
    ]
    yield field("Names or identifiers of the crawlers", crawlers)
    yield field("What the crawlers were for, and how they behave, such as towards robots.txt")
    dates = list(period(told)) if crawled else []
    yield field(
        "Period of collection", dates, remains="" if dates else "the first and the last month"
    )
    yield field(
        "Type of content and of the online sources", listed, remains="a comprehensive description"
    )
    yield field("Modalities that they cover", remains=_TEXT)
    hosts = [
        Answer(named(host), named(each.place.file))
        for each in crawled
        if is_address(each.url) and (host := _host(each.url))
    ]
    yield field(
        "The most relevant domain names",
        hosts,
        remains="the share of domains by size of content that the template asks for, from the crawler's log",
    )


def _synthetic(
    told: Manifest, synthetic: list[SourceStatement], listed: list[Answer]
) -> Iterator[Field]:
    share = list(stated(told, Topic.SYNTHETIC_SHARE))
    is_used = bool(synthetic or told.generators)
    yield field(
        "Whether synthetic data was made by the provider or on its behalf to train the model",
        [*([Answer("yes, in the audited data", "documents")] if is_used else []), *share],
        remains="for all training content",
    )
    models = [Answer(named(each.model), named(each.place.file)) for each in told.generators]
    yield field(
        "Models that made it: general-purpose ones on the market by name, others by a description",
        [*models, *listed],
        remains="" if models else "each model, the provider's own among them",
    )
    yield field("Modalities of the synthetic data", remains=_TEXT)


def _used(question: str, found: list[SourceStatement]) -> Field:
    """Return a question of yes or no: a source proves yes, and none proves nothing."""
    answers = [
        Answer("yes, in the audited data", named(file))
        for file in dict.fromkeys(each.place.file for each in found)
    ]
    return field(
        question, answers, remains="" if answers else "yes or no, for all training content"
    )


def _answer(source: SourceStatement, told: Manifest) -> Answer:
    about = [said(source.originator)] if source.originator else []
    about += [named(source.url)] if source.url else []
    declared = (e for e in told.licences if e.scope is Scope.SOURCE and e.of == source.id)
    about += [f"licence {each.text}" for each in licences(declared)]
    about += [f"digest {named(source.digest)}"] if source.digest else []
    text = named(source.id) if source.id else "a source without a name"
    return Answer(f"{text}: {', '.join(about)}" if about else text, named(source.place.file))


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
