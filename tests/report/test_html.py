from __future__ import annotations

import base64
import hashlib
import itertools
import re
from collections.abc import Mapping
from dataclasses import replace

import pytest
from lxml import etree
from lxml import html as parser

from assaymark.policy.policy import AllOf
from assaymark.report.html import ALL_PLACES, CARDS, render
from assaymark.report.view import Mark, Report


def page_of(report: Report) -> etree._Element:
    """Return the rendered page as a tree."""
    return parser.document_fromstring(render(report))


def text_of(report: Report) -> str:
    """Return the words of the page, white space folded."""
    (body,) = page_of(report).xpath("//body")
    return " ".join(body.text_content().split())


@pytest.mark.parametrize(
    ("case", "mood", "verdict"),
    [
        ("passing", "met", "PASS"),
        ("failing", "broken", "FAIL"),
        ("undecided", "undecided", "UNDECIDED"),
    ],
)
def test_the_verdict_comes_first_in_word_icon_and_colour(
    reports: Mapping[str, Report], case: str, mood: str, verdict: str
) -> None:
    """The first heading is the verdict; the icon and the words say it without colour."""
    page = page_of(reports[case])
    first = page.xpath("//h1|//h2|//h3")[0]

    assert first.tag == "h1"
    assert first.text_content().strip() == verdict
    assert first.xpath(".//use/@href") == [f"#i-{mood}"]
    assert page.xpath("//title/text()")[0].startswith(f"{verdict}: support-bot 1.3.0")


def test_a_sample_that_is_shown_whole_says_so(reports: Mapping[str, Report]) -> None:
    """`1 of a random sample of 1 place` would say it twice."""
    report = reports["failing"]
    (subject,) = report.evidence.subjects
    log = replace(subject.findings, sample=subject.findings.sample[:1])
    subjects = (replace(subject, findings=log),)

    text = text_of(replace(report, evidence=replace(report.evidence, subjects=subjects)))

    assert "A random sample of 1 place. The subject has 861 findings in all" in text


def test_everything_a_reader_needs_is_there(reports: Mapping[str, Report]) -> None:
    """What was judged, by which policy, what failed, where, how sure, what was not tested, what to do."""
    text = text_of(reports["failing"])

    for words in (
        "dataset customers.csv",
        "a" * 64,
        "support-bot 1.3.0",
        "owner trust@example.org",
        "b" * 64,
        "Even the lower end, 0.3083%, breaks the limit.",
        "To do: Run assaymark redact and audit again.",
        "blocks deployment, critical severity",
        "written at support-bot.yaml:14",
        "10 of a random sample of 20 places. The subject has 861 findings in all",
        "a line is longer than 16 MiB (1), invalid JSON (2)",
        "What the intervals do not cover: mistakes of the detectors.",
        "not measured: how much it misses is not known",
        "CREDIT_CARD.precision 0.99",
        "The waiver waiver-3, for no-card-numbers until 2026-11-01 00:00 UTC, excused nothing: expired.",
        "assaymark gate report.sigstore.json --trust trust.yaml --subject customers.csv",
        reports["failing"].attestation.evidence_digest,
    ):
        assert words in text


def test_places_are_shown_without_values(reports: Mapping[str, Report]) -> None:
    """A row names row, line, field, span, kind, form, confidence and detector; the caption the file."""
    (table,) = page_of(reports["failing"]).xpath("//*[@id='r1']//table")
    (first, *_) = table.xpath("./tbody/tr")

    assert table.xpath("string(./caption)").startswith("Where in customers.csv ")
    assert [cell.text_content() for cell in first] == [
        "3",
        "5",
        "notes",
        "14\u201333",
        "CREDIT_CARD",
        "9999 9999 9999 9999",
        "0.85",
        "pii",
    ]


def test_a_sample_shows_seed_nonce_and_method(reports: Mapping[str, Report]) -> None:
    """Who doubts the draw can repeat it."""
    text = text_of(reports["sampled"])

    assert (
        f"30,000 records were drawn at random and judged. The draw follows from the seed {'5' * 64}"
        in text
    )
    assert "2026-11-20 board meeting, so whoever made the data could not foresee it." in text
    assert "random sample of 30,000 rows, exact binomial limits" in text
    assert "share one error budget of 5% by Holm's method" in text


def test_a_draw_without_a_nonce_could_be_foreseen(reports: Mapping[str, Report]) -> None:
    """The page does not hide that the maker of the data could have computed the sample."""
    report = reports["sampled"]
    (subject,) = report.evidence.subjects
    assert subject.coverage.sample is not None
    foreseen = replace(subject.coverage, sample=replace(subject.coverage.sample, nonce=None))
    weaker = replace(
        report,
        evidence=replace(report.evidence, subjects=(replace(subject, coverage=foreseen),)),
    )

    assert "which whoever made the data could have computed" in text_of(weaker)


def test_an_unsigned_report_says_so_at_the_top(reports: Mapping[str, Report]) -> None:
    """Nobody can take a draft for a signed report."""
    unsigned, signed = page_of(reports["undecided"]), page_of(reports["failing"])

    assert "This report is not signed." in unsigned.xpath("//header")[0].text_content()
    assert "not signed" not in signed.xpath("//header")[0].text_content()


def test_the_page_asks_for_nothing(each_report: Report) -> None:
    """No script, no image, no font, no frame, no form; links only lead to official texts."""
    page = page_of(each_report)

    assert page.xpath("//script|//img|//link|//iframe|//object|//embed|//form|//base") == []
    assert page.xpath("//@style|//@src|//@srcset|//@*[starts-with(name(), 'on')]") == []
    assert "url(" not in page.xpath("string(//style)")
    assert "@import" not in page.xpath("string(//style)")
    outside = [each for each in page.xpath("//@href") if not each.startswith("#")]
    assert all(each.startswith("https://eur-lex.europa.eu/") for each in outside)


def test_the_content_security_policy_allows_the_style_and_nothing_else(
    reports: Mapping[str, Report],
) -> None:
    """The hash in the policy is that of the one style element."""
    page = page_of(reports["failing"])
    (style,) = page.xpath("//style/text()")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content") == [
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ]


def test_the_page_is_well_formed_and_accessible(each_report: Report) -> None:
    """Ids are unique, anchors lead somewhere, tables have captions and scopes, charts have words."""
    page = page_of(each_report)
    ids = page.xpath("//@id")

    assert page.get("lang") == "en"
    assert len(set(ids)) == len(ids)
    assert {each[1:] for each in page.xpath("//@href") if each.startswith("#")} <= set(ids)
    assert page.xpath("//table[not(caption)]") == []
    assert page.xpath("//th[not(@scope)]") == []
    for chart in page.xpath("//*[local-name()='svg'][@role='img']"):
        assert set(chart.get("aria-labelledby").split()) <= set(ids)
        assert chart.xpath("./*[local-name()='desc']")[0].text.strip()
    levels = [int(each.tag[1]) for each in page.xpath("//h1|//h2|//h3|//h4")]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_a_chart_for_every_number_and_none_for_a_missing_one(reports: Mapping[str, Report]) -> None:
    """Every bound of a composed requirement is drawn; what was not measured is not."""
    composed, failing = page_of(reports["composed"]), page_of(reports["failing"])

    assert len(composed.xpath("//figure/*[local-name()='svg']")) == 4
    missing = failing.xpath("//article[contains(h3, 'little-harm')]")[0]
    assert missing.xpath(".//figure/*[local-name()='svg']") == []


def test_a_thousand_requirements_stay_small_and_usable(reports: Mapping[str, Report]) -> None:
    """All rows are there, cards and places are capped, worst first, and every cap says so."""
    page = render(reports["thousand"])
    tree = parser.document_fromstring(page)

    assert len(page.encode()) < 2_000_000
    assert len(tree.xpath("//table[@class='stack']/tbody/tr")) == 1000
    assert len(tree.xpath("//*[starts-with(@class, 'card ')]")) == CARDS
    assert len(tree.xpath("//*[starts-with(@class, 'card ')]//tbody/tr")) <= ALL_PLACES
    assert "The other 900 are in the table above." in page
    assert "And 181 more, in the table of requirements." in page


def test_more_rows_than_the_cap_are_counted(
    reports: Mapping[str, Report], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a table leaves out is named with its number and its place."""
    monkeypatch.setattr("assaymark.report.html.ROWS", 700)
    page = render(reports["thousand"])

    assert "And 300 more, in evidence.json and the signed report." in page
    assert "And 300 more, in evidence.json." in page


def test_only_safe_addresses_become_links(reports: Mapping[str, Report]) -> None:
    """A framework's source that is no plain https address is shown, not linked."""
    report = reports["failing"]
    first, second = report.policy.frameworks
    changed = replace(
        report,
        policy=replace(
            report.policy,
            frameworks=(
                replace(first, source="javascript:alert(1)"),
                replace(second, source='https://evil.example/"onclick="x'),
            ),
        ),
    )

    assert [each for each in page_of(changed).xpath("//@href") if not each.startswith("#")] == []
    assert "javascript:alert(1)" in text_of(changed)


def test_a_name_that_cannot_be_typed_is_not_put_into_a_command(
    reports: Mapping[str, Report],
) -> None:
    """Commands can be pasted: names are quoted for the shell, and hostile ones replaced."""
    report = reports["failing"]
    (subject,) = report.evidence.subjects

    def command(name: str) -> str:
        renamed = replace(subject, subject=replace(subject.subject, name=name))
        changed = replace(report, evidence=replace(report.evidence, subjects=(renamed,)))
        return page_of(changed).xpath("//pre")[0].text.splitlines()[1].split("--subject ")[1]

    assert command("my data.csv") == "'my data.csv'"
    assert command("x; rm -rf ~") == "'x; rm -rf ~'"
    assert command("a\nb") == "PATH"
    assert command("x" * 1000) == "PATH"


def test_settings_of_any_form_are_shown(reports: Mapping[str, Report]) -> None:
    """Nested settings become dotted keys, lists are joined, and long ones are cut."""
    report = reports["failing"]
    settings = {
        "nested": {"threshold": 0.25, "on": True, "off": False, "nothing": None},
        "empty": [],
        "none": {},
        **{f"z{k:03d}": k for k in range(100)},
    }
    detectors = tuple(replace(each, settings=settings) for each in report.evidence.detectors)
    text = text_of(replace(report, evidence=replace(report.evidence, detectors=detectors)))

    assert (
        "nested.nothing not set: its default nested.off no nested.on yes nested.threshold 0.25"
        in text
    )
    assert "empty none" in text
    assert "… 46 more in evidence.json" in text


def test_waived_requirements_are_told_apart(reports: Mapping[str, Report]) -> None:
    """The waiver's section names reason and approver, and that the breach remains."""
    text = text_of(reports["waived"])

    assert "It stays broken; the waiver only keeps it from blocking." in text
    assert reports["waived"].items[0].mark is Mark.WAIVED


def test_a_count_is_shown_as_a_count(reports: Mapping[str, Report]) -> None:
    """Numbers keep their unit in every table."""
    rows = page_of(reports["failing"]).xpath("//*[@id='measurements']//tbody/tr")

    cells = [[cell.text_content() for cell in row] for row in rows]
    assert [
        "records.count",
        "all",
        "12,000",
        "12,000",
        "12,003",
        "12,000",
        "counted, without a sample",
    ] in cells
    assert [
        "pii.row-rate",
        "entity CREDIT_CARD",
        "0.3086%",
        "0.3083%",
        "0.4166%",
        "12,003",
        "11,990 of 12,003 rows judged, without a sample",
    ] in cells


def _luminance(color: str) -> float:
    full = color if len(color) == 7 else "#" + "".join(2 * each for each in color[1:])
    channels = [int(full[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_colours_meet_wcag_aa_in_light_and_dark(reports: Mapping[str, Report]) -> None:
    """Text has a contrast of 4.5 to 1 on every ground that it stands on (WCAG 2.2, 1.4.3)."""
    (style,) = page_of(reports["passing"]).xpath("//style/text()")
    palettes = [
        dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})", each))
        for each in re.findall(r":root\{([^}]*)", style)
    ]

    assert len(palettes) == 2
    for palette in palettes:
        for ink in ("text", "muted", "link"):
            assert _contrast(palette[ink], palette["page"]) >= 4.5
            assert _contrast(palette[ink], palette["soft"]) >= 4.5
        for mood in ("met", "broken", "undecided", "waived"):
            assert _contrast(palette[mood], palette["page"]) >= 4.5
            assert _contrast(palette[mood], palette[f"{mood}-soft"]) >= 4.5
            assert _contrast(palette["text"], palette[f"{mood}-soft"]) >= 4.5
            assert _contrast(palette["muted"], palette[f"{mood}-soft"]) >= 4.5


def test_the_same_places_are_listed_once(reports: Mapping[str, Report]) -> None:
    """A second requirement about the same findings points at the first one's list."""
    report = reports["failing"]
    double = replace(report.policy.requirements[0], id="no-card-numbers-either")
    policy = replace(report.policy, requirements=(*report.policy.requirements, double))
    again = replace(report.decision.outcomes[0], requirement=double.id)
    decision = replace(report.decision, outcomes=(*report.decision.outcomes, again))
    page = page_of(replace(report, policy=policy, decision=decision))
    cards = page.xpath("//*[starts-with(@class, 'card ')]")

    first, second = (card for card in cards if "no-card-numbers" in card.xpath("string(h3)"))

    assert len(first.xpath(".//tbody/tr")) == 10
    assert second.xpath(".//tbody/tr") == []
    assert "The places are those of requirement 1." in second.text_content()
    assert f"#{first.get('id')}" in second.xpath(".//a/@href")


def test_a_place_is_listed_under_one_requirement(reports: Mapping[str, Report]) -> None:
    """Of two requirements that share places, the second lists its other ones and points at the first."""
    report = reports["failing"]
    card, mail = report.policy.requirements[0], report.policy.requirements[2]
    both = replace(card, id="contact-and-cards", clause=AllOf((card.clause, mail.clause)))
    first, second = report.decision.outcomes[0], report.decision.outcomes[2]
    outcome = replace(
        first, requirement=both.id, judgements=(*first.judgements, *second.judgements)
    )
    page = page_of(
        replace(
            report,
            policy=replace(report.policy, requirements=(*report.policy.requirements, both)),
            decision=replace(report.decision, outcomes=(*report.decision.outcomes, outcome)),
        )
    )
    shown = page.xpath("//table[caption[starts-with(., 'Where')]]/tbody/tr")
    cells = [tuple(cell.text_content() for cell in row) for row in shown]
    (pointing,) = (
        each for each in page.xpath("//article") if each.xpath("string(h3)").startswith(both.id)
    )

    assert len(cells) == len(set(cells)) > 20
    assert "10 more places are listed under requirement 1." in pointing.text_content()


def test_a_long_list_of_gaps_is_folded(reports: Mapping[str, Report]) -> None:
    """Ninety kinds by country do not push the rest of the page away."""
    report = reports["failing"]
    groups = {f"of the country `c{k}`": (f"KIND_{k}",) for k in range(20)}
    words = replace(report.vocabulary, switched_off={"pii": groups})
    (fold,) = page_of(replace(report, vocabulary=words)).xpath("//*[@id='gaps']//details")

    shown = fold.getparent().xpath("./ul/li")
    assert [each.text_content() for each in shown] == [
        "pii, of the country c0: KIND_0",
        "pii, of the country c1: KIND_1",
    ]
    assert fold.xpath("string(summary)") == "18 more lines"
    assert fold.xpath("string(.//li[1])") == "pii, of the country c2: KIND_2"
    assert fold.getparent().xpath("string(.//*[@class='count'])") == "20"
