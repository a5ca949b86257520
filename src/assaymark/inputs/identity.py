"""
Subjects by digest: hashed, not parsed.

* A single file, a URL of one file, or standard input is the SHA-256 of its bytes as stored; a
  compressed file is not unpacked for it.
* A directory or a pattern is the root digest of OpenSSF Model Signing: the SHA-256 of the raw SHA-256
  digests of its files, concatenated in code point order of their POSIX paths. `.git`, `.github`,
  `.gitattributes` and `.gitignore` at the top are left out, as there. Names are not hashed, only
  ordered by: a rename that keeps the order keeps the digest. `Subject.tree` covers the names, too.

The `model_signing` package 1.1.1 orders by path components where the specification orders by code
point. The two differ only where a file's name goes on with one of ``!"#$%&'()*+,-.`` or a space after
the name of a directory beside it (`a-b` beside `a/`). We follow the specification.

Source: ossf/model-signing-spec, spec/v1.0.md.

tests/inputs/test_identity.py holds it against that package and against published signatures.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from assaymark.canonical import digest_of
from assaymark.inputs.listing import FileSet, list_files
from assaymark.inputs.locations import scheme_of
from assaymark.inputs.plugins import plugin_for
from assaymark.inputs.stored import FileDigest, digest_of_file
from assaymark.model.subject import Sha256, Subject, SubjectKind

_THREADS = 8  # beyond which discs and hash units gain nothing


def identify(location: str, *, kind: SubjectKind) -> Subject:
    """Identify what `location` names, without understanding it.

    Args:
        location: A path, a directory, a pattern, a URL, or `-` for standard input.
        kind: What requirements mean by `on`.

    Raises:
        InputError: Something cannot be read, or the subject has no files.
        RegistryError: The plug-in for the location's scheme does not load.
    """
    scheme = scheme_of(location)
    plugin = None if scheme is None else plugin_for(scheme)
    if plugin is not None:
        source = plugin(location, kind=kind, field=None)
        for _ in source.batches():
            pass
        return source.subject()
    files = list_files(location)
    return subject_of(files, kind, digests_of(files))


def digests_of(files: FileSet) -> dict[str, FileDigest]:
    """Hash every file, several at a time, holding one chunk of each.

    Raises:
        InputError: A file cannot be read.
    """
    threads = min(_THREADS, os.cpu_count() or 1, len(files.files))
    with ThreadPoolExecutor(max_workers=threads) as pool:
        digests = pool.map(digest_of_file, files.files)
        return {file.name: digest for file, digest in zip(files.files, digests, strict=True)}


def subject_of(files: FileSet, kind: SubjectKind, digests: Mapping[str, FileDigest]) -> Subject:
    """Return the subject that consists of files with these digests.

    Args:
        files: Which files, and whether they are one or several by nature.
        kind: What requirements mean by `on`.
        digests: By file name; one for every file.
    """
    hashes = {name: digest.sha256 for name, digest in digests.items()}
    return Subject(
        kind=kind,
        name=files.name,
        digest=next(iter(hashes.values())) if files.is_single else root_digest(hashes),
        files=len(digests),
        size=sum(digest.size for digest in digests.values()),
        tree=None if files.is_single else tree_digest(hashes),
    )


def tree_digest(digests: Mapping[str, Sha256]) -> Sha256:
    """Return the digest of files by their names: SHA-256 over the canonical JSON of names to digests."""
    return digest_of(dict(digests))


def root_digest(digests: Mapping[str, Sha256]) -> Sha256:
    """Return the root digest of files by their POSIX paths.

    Source:
        ossf/model-signing-spec, spec/v1.0.md: the subject's digest over the sorted resources.
    """
    root = hashlib.sha256()
    for _, digest in sorted(digests.items()):
        root.update(bytes.fromhex(digest))
    return Sha256(root.hexdigest())
