"""Pieces of which values, disguises and what lies between them are made; all of them are made up."""

from __future__ import annotations

import random

VALUES = (
    *("john@example.com", "219-09-9999", "4111 1111 1111 1111", "4111-1111-1111-1111"),
    *("+1 (212) 555-0187", "(212) 555-0187 ext. 12", "DE89 3704 0044 0532 0130 00", "10.0.0.12"),
    *("2001:db8::1", "https://a.b.com/x?y=1", "www.example.org", "2024-01-31", "12/31/2020"),
    *("MAY-12-2020", "bc1qar0srr7xfkvy5l643lydnw9re59gtzzwf5mdq", "123456789", "A1234567"),
    *(
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYzzzzKEY123",
        "aws_secret_access_key = ",
        "password: hunter2X!",
    ),
    *("password is Tr0ub4dor&3", "token=ghp_0123456789abcdefghijABCDEFGHIJ012345"),
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    *("Bearer abcdEFGH1234ijklMNOP5678", "postgres://u:pa55w0rd@db.host/x", '"kty": "RSA"'),
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAx1234567890abcdefghijklmnopqrstuvwxyzABCDE\nabcdefgh",
    *("-----END RSA PRIVATE KEY-----", '"d": "abcdEFGH1234ijklMNOP5678qrst", ', "sv=2020-08-04"),
    *("sig=abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789%3D", "identified by 'Xy7!abcd'"),
    "basic dXNlcjpwYXNzd29yZA==",
)
DISGUISED = (
    *("%34%31%31%31", "%40", "&#64;", "&commat;", "\\u0040", "\\x34", "am9obkBleGFtcGxlLmNvbQ=="),
    *("NDExMSAxMTExIDExMTEgMTExMQ==", "four one one one one one one one one one one one one one"),
    *(
        "john at example dot com",
        "j o h n @ e x a m p l e . c o m",
        "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    ),
    *(
        "4111.1111.1111.1111",
        "\uff14\uff11\uff11\uff11",
        "\u0430pple",
        "j\u043ehn@example.com",
        "\u200b",
    ),
    *(
        "\u202e",
        "e\u0301",
        "=\n",
        "A" * 61 + "\n",
        "ZGF0YQ" * 11 + "\n",
        "\u00b2\u00b3",
        "\u20131234",
    ),
    *("1999\u20132004", "219-\n09-9999", "john@\nexample.com"),
    *("jane\0@b\x7f.org", "4111\x1f1111\x1f11111111", "jo\x1b[1mhn@b.org", "4111\x9b", "\0"),
    *("jane<b></b>@b.org", "4111<i>1111</i>", "<!-- x -->", "jane**@**b.org", "a@b`.`org", "**"),
    *("users/jane@b.org/", "x?jane@b.org", "a@b.org/joe@b.org", "\ufffd", "\ue000\ue001"),
    *(
        "4111\u00b71111 \u2022 11111111",
        "jane\u00b7@b\u00b7org",
        "1998 \u00b7 2004",
        "john@b\u2024org",
    ),
    *("4111\t1111\t1111\t1111", "4111 1111\r1111\u20281111", "john@\x85b\x0b.org", "\x0c"),
    *("agBhAG4AZQBAAGIALgBvAHIAZwA=", "//5qAG8AQABiAC4AbwByAGcA", "4111\\u00001111", "&#0;"),
)
BETWEEN = (
    *("\n", "\r\n", " ", "  ", ", ", ". ", "the", "is", "at", "dot", "and so", "\u4e2d\u6587"),
    *("\u7535\u8bdd", "ABC", "x", "1", "-", ":", "@", "=", '"', "'", "(", ")", "/", "+", "<", ">"),
    *("[", "example.com", "hello there", "passport", "ssn", "card", "license", "phone", "call"),
)
HIDDEN = (
    *(
        "\u200b",
        "\u200d",
        "\u202e",
        "\u2066",
        "\u2069",
        "\u202c",
        "\u200f",
        "\u05d0",
        "\ufe0f",
        "\x1b",
    ),
    *("\U0001f3f4", "\U000e0067", "\U000e007f", "\u0e01", "\ufeff", "\u00ad", "a", "b c", "\n"),
)
PIECES = (*VALUES, *DISGUISED, *BETWEEN)


def made_up(source: random.Random, most: int = 9, pieces: tuple[str, ...] = PIECES) -> str:
    """Return a text of some pieces, a quarter of them cut."""
    text = ""
    for _ in range(source.randint(1, most)):
        piece = source.choice(pieces)
        if source.random() < 0.25:
            first, last = sorted(source.randrange(len(piece) + 1) for _ in range(2))
            piece = piece[first:last]
        text += piece + source.choice(("", " ", " ", "\n", ", "))
    return text
