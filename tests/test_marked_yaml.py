from __future__ import annotations

import re
import sys
from textwrap import dedent
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from assaymark.marked_yaml import (
    MAX_BYTES,
    MAX_DEPTH,
    Mark,
    MarkedYamlError,
    Node,
    YamlProblem,
    parse_yaml,
)


def problems_of(text: str | bytes) -> list[str]:
    """What is wrong with `text`, as `line:column+width message (hint)`."""
    with pytest.raises(MarkedYamlError) as error:
        parse_yaml(text.encode() if isinstance(text, str) else text)
    return [
        f"{each.mark.line}:{each.mark.column}+{each.mark.width} {each.message}"
        + (f" ({each.hint})" if each.hint else "")
        for each in error.value.problems
    ]


def test_a_document_becomes_values_with_their_places() -> None:
    """Mappings, sequences and scalars keep where they and their keys stand."""
    text = "name: x\nlist:\n  - 1\n  - two: true\n"

    root = parse_yaml(text.encode())

    assert root.plain() == {"name": "x", "list": [1, {"two": True}]}
    assert root.keys == {"name": Mark(1, 1, 4), "list": Mark(2, 1, 4)}
    assert root.at("name") == Node("x", Mark(1, 7, 1))
    assert root.at("list", 1, "two") == Node(True, Mark(4, 10, 4))


@pytest.mark.parametrize(
    "path", [("none",), ("list", 5), ("list", "name"), ("name", 0), ("none", "deeper"), (0,)]
)
def test_a_path_that_leads_nowhere_is_none(path: tuple[str | int, ...]) -> None:
    """Asking for what is not there is no error."""
    assert parse_yaml(b"name: x\nlist: [1]\n").at(*path) is None


# Letters only: PyYAML writes by YAML 1.1, which disagrees about some numbers.
WORDS = st.text(st.characters(codec="utf-8", categories=["L"]), min_size=1, max_size=8)
TREES = st.recursive(
    WORDS | st.integers(-999, 999) | st.booleans() | st.none(),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4)
        | st.dictionaries(WORDS, inner, min_size=1, max_size=4)
    ),
    max_leaves=12,
)


@given(TREES, st.booleans(), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_every_mark_cuts_its_scalar_out_of_the_source(
    tree: Any,
    flow: bool,  # noqa: FBT001 - drawn by Hypothesis
    line_end: str,
    bom: bool,  # noqa: FBT001 - drawn by Hypothesis
) -> None:
    """Line, column and width of a one-line scalar or key give back exactly its spelling."""
    text = yaml.safe_dump(tree, allow_unicode=True, default_flow_style=flow, width=10_000)
    text = text.replace("\n", line_end)
    lines = text.split(line_end)

    root = parse_yaml(("\ufeff" if bom else "").encode() + text.encode())

    assert root.plain() == yaml.safe_load(text)
    for mark, value in scalars_of(root):
        cut = lines[mark.line - 1][mark.column - 1 : mark.column - 1 + mark.width]
        assert yaml.safe_load(cut) == value


def scalars_of(node: Node) -> list[tuple[Mark, Any]]:
    """Every scalar and key below `node` with its mark."""
    if isinstance(node.value, dict):
        own = [(node.keys[key], yaml.safe_load(key)) for key in node.value if _is_plain(key)]
        return own + [pair for each in node.value.values() for pair in scalars_of(each)]
    if isinstance(node.value, list):
        return [pair for each in node.value for pair in scalars_of(each)]
    return [(node.mark, node.value)]


def _is_plain(key: str) -> bool:
    return yaml.safe_load(key) == key


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-17", -17),
        ("+5", 5),
        ("12345678901234567890", 12345678901234567890),
        ("1.5", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e3", 1000.0),
        ("-2.5E-3", -0.0025),
        ("0.0", 0.0),
    ],
)
def test_core_scalars_are_values(scalar: str, value: Any) -> None:
    """YAML 1.2, section 10.3.2: booleans, null, decimal integers and decimals."""
    read = parse_yaml(f"a: {scalar}\n".encode()).plain()["a"]

    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "scalar",
    [
        "no", "on", "off", "yes", "y", "tRuE", "nil", "007", "-01.5", "0x1f", "0o17", "1_000", "12:30",
        "2026-01-31", "1.3.0", ".nan", ".inf", "-.inf", "1e99999", "1e400", "1" * 40, "=", "e5", ".",
    ],
)  # fmt: skip
def test_everything_else_stays_text(scalar: str) -> None:
    """Nothing that only an older or larger YAML understands changes its meaning."""
    assert parse_yaml(f"a: {scalar}\n".encode()).plain() == {"a": scalar}


@pytest.mark.parametrize("scalar", ["'true'", '"5"', "'~'", '""'])
def test_quoted_scalars_are_text(scalar: str) -> None:
    """Quotes are how a writer says that text is meant."""
    assert parse_yaml(f"a: {scalar}\n".encode()).plain() == {"a": scalar[1:-1]}


def test_blocks_are_text_with_a_mark_at_their_start() -> None:
    """A scalar over several lines is marked by its first character alone."""
    root = parse_yaml(b"a: |\n  one\n  two\nb: >\n  5\n")

    assert root.plain() == {"a": "one\ntwo\n", "b": "5\n"}
    assert root.at("a") == Node("one\ntwo\n", Mark(1, 4, 1))


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        ("", ["1:1+1 the document is empty"]),
        ("# only a remark\n", ["1:1+1 the document is empty"]),
        ("a: 1\nb: 2\na: 3\n", ["3:1+1 the key `a` stands on line 1 already"]),
        ("{a: 1, a: 2}", ["1:8+1 the key `a` stands on line 1 already"]),
        (
            "a: 1\na: 2\nb:\n  c: 1\n  c: 2\na: 3\n",
            [
                "2:1+1 the key `a` stands on line 1 already",
                "5:3+1 the key `c` stands on line 4 already",
                "6:1+1 the key `a` stands on line 1 already",
            ],
        ),
        (
            "a: &x 1\nb: *x\n",
            [
                "1:4+4 anchors and aliases are not allowed (write the value out)",
                "2:4+2 anchors and aliases are not allowed (write the value out)",
            ],
        ),
        ("<<: {a: 1}\n", ["1:1+2 merge keys are not allowed (write the keys out)"]),
        ("a: !!str 5\n", ["1:4+7 tags are not allowed (remove the `!` tag)"]),
        ("a: !python/object:os.system {}\n", ["1:4+26 tags are not allowed (remove the `!` tag)"]),
        ("a: 1\n---\nb: 2\n", ["2:1+3 expected one document, got a second"]),
        ("? [a, b]\n: 1\n", ["1:3+6 a key must be text"]),
        ("a: [1\n", ["2:1+1 not YAML: expected `,` or `]`, but got `<stream end>`"]),
        ("a: 1\n\tb: 2\n", ["2:1+1 not YAML: found character `\\t` that cannot start any token"]),
        ("a: 'x\n", ["2:1+1 not YAML: found unexpected end of stream"]),
        ("a: b: c\n", ["1:5+1 not YAML: mapping values are not allowed here"]),
        ("a: *nowhere\n", ["1:4+8 anchors and aliases are not allowed (write the value out)"]),
        ("a: 1\nb: \x07\n", ["2:4+1 the character U+0007 is not allowed"]),
        ("a: 1\r\nb: x\x00\n", ["2:5+1 the character U+0000 is not allowed"]),
        ("a: x\u2028b: y\n", ["1:5+1 the character U+2028 is not allowed"]),
        ("a: 1\nb: x\x85\n", ["2:5+1 the character U+0085 is not allowed"]),
    ],
)
def test_what_is_not_our_yaml_is_refused_with_its_place(text: str, problems: list[str]) -> None:
    """Every problem that can be found together is listed, in reading order."""
    assert problems_of(text) == problems


def test_a_quoted_merge_key_is_a_key() -> None:
    """Only the bare word merges in YAML."""
    assert parse_yaml(b"'<<': 1\n").plain() == {"<<": 1}


def test_bytes_that_are_no_utf8_are_placed_by_line() -> None:
    """An encoding mistake names the line it is on."""
    assert problems_of(b"a: 1\nb: \xff\n") == ["2:1+1 not UTF-8"]


def test_the_size_is_bounded() -> None:
    """A million bytes are allowed, one more is not."""
    filler = b"#" * (MAX_BYTES - 5)

    assert parse_yaml(b"a: 1\n" + filler).plain() == {"a": 1}
    assert problems_of(b"a: 1\n" + filler + b"#") == ["1:1+1 expected at most 1000000 bytes"]


def test_the_error_itself_tells_the_first_problem() -> None:
    """Whoever shows only the message shows where to look."""
    with pytest.raises(MarkedYamlError) as error:
        parse_yaml(b"x: 1\na: &b 1\nc: *b\n")

    assert error.value.message == "line 2 column 4: anchors and aliases are not allowed"
    assert error.value.hint == "write the value out"


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_nesting_is_bounded(opening: str) -> None:
    """At most 40 collections inside each other, however they are written."""
    (problem,) = problems_of(opening * 200)

    assert problem.endswith(f" nested deeper than {MAX_DEPTH} levels")


def test_the_allowed_depth_is_read() -> None:
    """Forty levels are fine."""
    assert parse_yaml(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH).plain() is not None


BOMBS = {
    "deep": lambda n: "[" * n,
    "deeper by indent": lambda n: "- " * n,
    "aliases": lambda n: "a: &a x\n" + "b: *a\n" * n,
    "laughs": lambda n: "".join(f"k{i}: &k{i} [*k{i - 1}, *k{i - 1}]\n" for i in range(1, n)),
    "keys": lambda n: "".join(f"k{i}: {i}\n" for i in range(n)),
    "one long word": lambda n: "a: " + "x" * n * 10,
    "duplicates": lambda n: "a: 1\n" * n,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS.keys())
def test_work_grows_with_the_size_at_most(bomb: Any) -> None:
    """Twice the text costs at most about twice the function calls: no bomb is quadratic."""
    small, large = (calls_to_parse(bomb(size)) for size in (300, 600))

    assert large < 2.4 * small


def calls_to_parse(text: str) -> int:
    """How many Python functions run while `text` is parsed: a clock that no other load disturbs."""
    calls = 0

    def count(_frame: Any, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        parse_yaml(text.encode())
    except MarkedYamlError:
        pass
    finally:
        sys.setprofile(before)
    return calls


def problems_or_none(text: str) -> list[YamlProblem]:
    """What is wrong with `text`, if anything."""
    try:
        parse_yaml(text.encode())
    except MarkedYamlError as error:
        return error.problems
    return []


@given(
    st.text(st.characters(codec="utf-8"), max_size=60)
    | st.text(st.sampled_from("-?:,[]{}#&*!|>'\"%@` ab1\n"), max_size=40)
)
def test_any_text_is_read_or_refused_inside_itself(text: str) -> None:
    """No text raises anything else, and every problem lies on a line that exists, or just behind."""
    lines = len(re.split(r"\r\n|\r|\n", text))

    for each in problems_or_none(text):
        assert 1 <= each.mark.line <= lines + 1
        assert each.mark.column >= 1
        assert each.mark.width >= 1
        assert each.message


def test_a_policy_like_text_reads_as_written() -> None:
    """Lists of mappings, flow and block style, remarks and versions as text."""
    text = dedent(
        """\
        kind: Policy   # a remark
        metadata: {name: support-bot, version: 1.3.0, valid_until: 2027-06-30}
        requirements:
          - id: no-cards
            at_most: 0.0001
            where: {entity: CREDIT_CARD}
          - any_of: []
        """
    )

    assert parse_yaml(text.encode()).plain() == {
        "kind": "Policy",
        "metadata": {"name": "support-bot", "version": "1.3.0", "valid_until": "2027-06-30"},
        "requirements": [
            {"id": "no-cards", "at_most": 0.0001, "where": {"entity": "CREDIT_CARD"}},
            {"any_of": []},
        ],
    }
