"""The report of `guard_speed.py`: what was found, beside what was aimed at."""

from __future__ import annotations

from typing import Any

STRAIGHT, QUICK, LOGGED = "straight", "patterns and secrets", "the same, with the decision log"
ENCODER, CASCADE = "and the encoder", "and the encoder behind its cascade"
_MOST_P99 = 10.0  # milliseconds
TWO_CALLS, ONE_CALL = "/analyze, /anonymize", "/v1/check"


def table(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    machine, proxy, redaction = result["machine"], result["proxy"], result["redaction"]
    loads = " and ".join(f"{each[0]:.1f}" for each in machine["load"])
    return f"""# Speed of the guard as a server

{machine["cpu"]}, {machine["cores"]} cores, Python {machine["python"]}; load before and after: {loads} \
(above {machine["cores"]}, others worked on the machine). Prompts of about 1 kB with an address and a \
telephone number, each another one. Made by `benchmarks/guard_speed.py`.

## What the proxy adds

Requests at {result["rate"]:g} a second, streams at a fifth of that, in front of an upstream that answers at \
once; a stream has 41 pieces. Added is the difference to the same quantile of asking the upstream itself; \
processor time is that of the server alone.

| policy | added, p50 | added, p99 | processor time | first text added, p50 | processor time of a piece |
|---|---:|---:|---:|---:|---:|
{_rows(proxy)}
Straight: {_told(proxy[STRAIGHT]["whole"])}; first text {_told(proxy[STRAIGHT]["first text"])}.

{_refused(proxy)}{_aims(proxy)}
## Beside Presidio

The same texts and entities; eight clients that ask without pause; one worker each. Presidio's image loads \
a model of spaCy's, `en_core_web_lg`, and its engine runs it on each text, whichever entities are asked for; \
`en_core_web_md` is the same network with fewer vectors. Without a model, which no image ships, its analyzer \
splits words and nothing more. Where clients and servers share cores, redactions \
a second say as much of the clients as of the servers; processor time does not.

| service | redactions a second | processor time of one | Presidio's processor time, in times |
|---|---:|---:|---:|
{_services(redaction)}
{_ratios(redaction)}{_floor(result)}"""


def _told(found: dict[str, Any]) -> str:
    return f"p50 {found['p50_ms']:.2f} ms, p99 {found['p99_ms']:.2f} ms"


def _added(proxy: dict[str, Any], name: str, what: str, quantile: str) -> float:
    found = proxy[name][what][quantile] - proxy[STRAIGHT][what][quantile]
    return round(float(found), 2)


def _rows(proxy: dict[str, Any]) -> str:
    return "".join(
        f"| {name} | {_added(proxy, name, 'whole', 'p50_ms'):.2f} ms "
        f"| {_added(proxy, name, 'whole', 'p99_ms'):.2f} ms | {each['whole']['cpu_ms']:.2f} ms "
        f"| {_added(proxy, name, 'first text', 'p50_ms'):.2f} ms "
        f"| {each['first text']['cpu_ms_per_piece']:.2f} ms |\n"
        for name, each in proxy.items()
        if name != STRAIGHT
    )


def _refused(proxy: dict[str, Any]) -> str:
    """Return who refused requests, as a guard does whose detectors run out of time."""
    lines = [
        f"* {name}: {each['whole']['refused']} of {each['whole']['n']} requests were not judged in time, "
        "and so refused.\n"
        for name, each in proxy.items()
        if each["whole"]["refused"]
    ]
    return "".join(lines) + "\n" if lines else ""


def _aims(proxy: dict[str, Any]) -> str:
    quick = {each: _added(proxy, QUICK, "whole", each) for each in ("p50_ms", "p99_ms")}
    rows = (
        ("patterns and secrets add at most 3 ms, p50", quick["p50_ms"], 3.0),
        ("and 10 ms, p99", quick["p99_ms"], _MOST_P99),
        ("with the decision log 3 ms, p50", _added(proxy, LOGGED, "whole", "p50_ms"), 3.0),
        ("with the encoder 10 ms, p50", _added(proxy, ENCODER, "whole", "p50_ms"), 10.0),
        ("behind its cascade 10 ms, p50", _added(proxy, CASCADE, "whole", "p50_ms"), 10.0),
        ("the first text comes 15 ms later", _added(proxy, QUICK, "first text", "p50_ms"), 15.0),
        ("a request takes 1.5 ms of a processor", proxy[QUICK]["whole"]["cpu_ms"], 1.5),
        (
            "and a piece of a stream 0.3 ms",
            proxy[QUICK]["first text"]["cpu_ms_per_piece"],
            0.3,
        ),
    )
    # Where asking the upstream itself is as slow as that, the difference says nothing.
    is_busy = proxy[STRAIGHT]["whole"]["p99_ms"] > _MOST_P99
    lines = "".join(
        f"| {aim} | {found:.2f} ms | "
        + (
            "cannot be told"
            if is_busy and most == _MOST_P99 and "p99" in aim
            else _verdict(found, most)
        )
        + " |\n"
        for aim, found, most in rows
    )
    return f"| aim | found | |\n|---|---:|---|\n{lines}"


def _verdict(found: float, most: float) -> str:
    return "holds" if found <= most else "does not hold"


def _services(redaction: dict[str, Any]) -> str:
    theirs = redaction[f"Presidio: {TWO_CALLS}"]["cpu_ms"]
    return "".join(
        f"| {name} | {each['per_second']:.0f} | {each['cpu_ms']:.2f} ms "
        f"| {theirs / each['cpu_ms']:.1f} |\n"
        for name, each in redaction.items()
    )


def _floor(result: dict[str, Any]) -> str:
    """Return what limits the ratio."""
    theirs = result["redaction"][f"Presidio: {TWO_CALLS}"]["cpu_ms"] / 20
    bare = result["proxy"][STRAIGHT]["whole"]["cpu_ms"]
    return (
        f"\nA twentieth of Presidio's processor time without a model is {theirs:.2f} ms for both calls. The "
        "bare upstream, which reads a request with the same server library, parses it and answers, takes "
        f"{bare:.2f} ms for one.\n"
    )


def _ratios(redaction: dict[str, Any]) -> str:
    ours = redaction[f"ours: {TWO_CALLS}"], redaction[f"ours: {ONE_CALL}"]
    lines = []
    for name, theirs in redaction.items():
        if name.startswith("Presidio"):
            rates = [each["per_second"] / theirs["per_second"] for each in ours]
            costs = [theirs["cpu_ms"] / each["cpu_ms"] for each in ours]
            aim = "holds" if rates[0] >= 20 else "does not hold"
            lines.append(
                f"* beside {name.partition(':')[0]}: by the same two calls {rates[0]:.1f} times the "
                f"redactions a second and {costs[0]:.1f} times those of a second of processor time; by "
                f"`{ONE_CALL}` {rates[1]:.1f} and {costs[1]:.1f} times. That the same two calls reach "
                f"20 times a second **{aim}**.\n"
            )
    return "".join(lines)
