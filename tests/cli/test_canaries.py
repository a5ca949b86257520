"""No byte of any output holds a value of the data."""

from __future__ import annotations

import contextlib
import gzip
import json
import subprocess
import sys
import zlib
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ASSAYMARK = Path(sys.executable).with_name("assaymark")

CARD = "4556 7375 8689 9855"
NAME = "Zebulon Quatermass-Okonkwo"
KEY = "AK" + "IAQ3EGRZJ7XK4TMPW2"
MAIL = "zebulon.qo@canary-domain.example.org"
CANARIES = (
    *(CARD, CARD.replace(" ", ""), "8689 9855", NAME, "Quatermass", KEY, KEY[4:]),
    *(MAIL, "canary-domain", "219-09-9998"),
)
TEXT = f"I am {NAME}, card {CARD}, ssn 219-09-9998, mail {MAIL}, key aws_access_key_id={KEY}"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Data in several formats, each with the canaries, sound and broken records mixed."""
    folder = tmp_path_factory.mktemp("canaries")
    record = json.dumps({"text": TEXT})
    lines = [record, record[:-2], json.dumps({"text": ""}), '{"text": "\xff"}', record]
    (folder / "d.jsonl").write_bytes("\n".join(lines).encode("latin-1"))
    (folder / "d.csv").write_text(f'id,text\n1,"{TEXT}"\n2,"{TEXT}\n')
    (folder / "d.txt").write_text(TEXT + "\n")
    with gzip.open(folder / "d.jsonl.gz", "wt") as file:
        file.write(record + "\n" + record[:-9] + "\n")
    return folder


def search(blob: bytes) -> list[str]:
    """Return the canaries in `blob`, in the encodings that a report might use."""
    found = []
    for canary in CANARIES:
        forms = {canary, canary.replace("-", "&#45;"), canary.replace("@", "&#64;")}
        coded = [
            form.encode(name) for form in forms for name in ("utf-8", "utf-16-le", "utf-16-be")
        ]
        if any(each in blob for each in coded):
            found.append(canary)
    return found


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below `folder`, compressed columns and envelopes unpacked too."""
    import base64

    blobs = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    for name, blob in list(blobs.items()):
        if name.endswith(".parquet"):
            table = pq.read_table(folder / name)
            blobs[f"{name} unpacked"] = json.dumps(table.to_pylist()).encode()
        if name.endswith(".sigstore.json"):
            payload = json.loads(blob)["dsseEnvelope"]["payload"]
            blobs[f"{name} payload"] = base64.b64decode(payload)
        with contextlib.suppress(zlib.error):
            blobs[f"{name} inflated"] = zlib.decompress(blob)
    return blobs


def test_the_search_finds_what_is_there() -> None:
    """The net catches: a canary in any encoding is found."""
    assert set(search(TEXT.encode())) == set(CANARIES) - {CARD.replace(" ", "")}
    assert search(KEY.encode("utf-16-le")) == [KEY, KEY[4:]]


@pytest.mark.parametrize("name", ["d.jsonl", "d.csv", "d.txt", "d.jsonl.gz"])
def test_no_value_of_the_data_is_in_any_output(files, tmp_path, run, name) -> None:
    """Reports, evidence, findings, signatures, caches, errors: places and shapes, never values."""
    run("keys", "new", tmp_path / "k", "--no-passphrase")
    words = ("--dataset", files / name, "--out", tmp_path / "out", "--key", tmp_path / "k")

    audited = run("audit", "pack:baseline", *words, "--resume")
    scanned = run("scan", files / name, "-o", tmp_path / "scan.jsonl")

    blobs = contents(tmp_path)
    streams = audited.out + audited.err + scanned.out + scanned.err
    assert (audited.status, scanned.status) == (1, 0)
    assert b'"CREDIT_CARD"' in blobs["scan.jsonl"]
    assert {"out/report.html", "out/report.sigstore.json payload"} <= set(blobs)
    assert search(streams.encode()) == []
    assert {name: search(blob) for name, blob in blobs.items() if search(blob)} == {}


def test_worker_processes_say_nothing_either(files, tmp_path) -> None:
    """The real program with several processes writes no value to its streams."""
    words = ["--dataset", files / "d.jsonl", "--out", tmp_path / "out", "--workers", "2"]

    done = subprocess.run(
        [ASSAYMARK, "audit", "pack:baseline", *words], capture_output=True, check=False
    )

    assert done.returncode == 1
    assert search(done.stdout + done.stderr) == []


def test_errors_hold_no_value(files, tmp_path, run) -> None:
    """What goes wrong half-way quotes nothing, debug frames included."""
    data = tmp_path / "d.jsonl"
    data.write_text('{"text": 1}\n' + f'{{"{NAME}": "{CARD}"}}\n')

    results = [
        run("audit", "pack:baseline", "--dataset", data, "--out", tmp_path / "o"),
        run("scan", data, "-o", "-", "--field", "text"),
        run("scan", data, "-o", "-", "--format", "csv"),
        run("scan", data, "-o", "-", "--format", "parquet"),
        run("verify", data, "--key", data),
        run("policy", "replay", data, "--policy", "pack:baseline"),
    ]

    shown = "".join(each.out + each.err for each in results)
    assert [each.status for each in results[3:]] == [2, 2, 2]
    assert search(shown.encode()) == []
