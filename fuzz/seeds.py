"""Writes what a fuzz target begins with: `seeds.py TARGET FOLDER`. Nothing here is kept in the repository twice."""

import gzip
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).parent.parent
DATA = ROOT / "tests" / "data"
LONGEST = 65536


def unsnap(block):
    """The content of a snappy block, read by the format's description."""
    at, shift = 0, 0
    while block[at] & 0x80:
        at += 1
    at += 1
    out = bytearray()
    while at < len(block):
        tag = block[at]
        at += 1
        if tag & 3 == 0:
            length = tag >> 2
            if length >= 60:
                size = length - 59
                length = int.from_bytes(block[at : at + size], "little")
                at += size
            out += block[at : at + length + 1]
            at += length + 1
            continue
        size = (1, 2, 4)[(tag & 3) - 1]
        offset = int.from_bytes(block[at : at + size], "little")
        at += size
        length = (tag >> 2) + 1
        if tag & 3 == 1:
            length = (tag >> 2 & 7) + 4
            offset |= tag >> 5 << 8
        for _ in range(length):
            out.append(out[-offset])
    return bytes(out)


def clients():
    """What clients sent, headers beside."""
    folder = DATA / "captures" / "clients"
    for name, sent in sorted(json.loads((folder / "index.json").read_text()).items()):
        body = folder / f"{name}.bin"
        if body.exists() and not sent["path"].startswith("/otlp"):
            headers = {key.lower(): value for key, value in sent["headers"].items()}
            content = body.read_bytes()
            if headers.get("content-encoding") == "gzip":
                content = gzip.decompress(content)
            yield headers["content-type"].startswith("application/json"), content


def rows(name):
    """The rows of a table of cases; what tells how it was made is none."""
    for line in (DATA / name).read_text().splitlines():
        row = json.loads(line)
        if "text" in row:
            yield row["text"].encode("utf-8", "replace")


def lines():
    """Lines as programs write them: telemetry, logfmt."""
    for records in sorted((DATA / "telemetry").glob("*.jsonl")):
        yield from records.read_bytes().splitlines()[:20]
    yield from rows("logfmt.jsonl")


def fenced(language):
    """The examples in the docs."""
    for page in sorted(ROOT.glob("docs/*.md")):
        parts = page.read_text().split("```" + language + "\n")
        yield from (part.split("```")[0].encode() for part in parts[1:])


def files(pattern):
    """Files of the repository as they are."""
    return (file.read_bytes() for file in sorted(ROOT.glob(pattern)))


def bodies():
    """What clients sent, as it stands behind the snappy layer."""
    for capture in sorted((DATA / "captures").glob("*.snappy")):
        yield unsnap(capture.read_bytes())
    for is_json, body in clients():
        if not is_json:
            yield unsnap(body)


def field(number, content):
    """A field of protobuf that has a length."""
    length, rest = b"", len(content)
    while rest > 127:
        length += bytes([rest & 127 | 128])
        rest >>= 7
    return bytes([number << 3 | 2]) + length + bytes([rest]) + content


def ruled():
    """Pushes for the line rules and caps of the target `treat`: each line in a push of its own, and all of them in one."""
    lines = [b'{"b":"x","c":{"d":"y"},"m":1,"msg":"key_abcdefgh"}', b"b=last m=1", b"b:z move", b"drop", b"drop keep"]
    lines += [b"\x1b[31mpin=1\x1b[0m MOVE", b"cut " * 8, b"sample 1", b"limit limit", b"tried bare", b"x" * 50]
    stamp = field(1, b"\x08\x01")
    pairs = [b"", field(3, field(1, b"m") + field(2, b"1")), field(3, field(1, b"-") + field(2, b"key_abcdefgh"))]
    entries = [field(2, stamp + field(2, line) + pairs[at % 3]) for at, line in enumerate(lines)]
    sets = [b'{a="1", c="2"}', b'{a="x", b="no"}', b'{a="1", b="last", c="3", e="4"}', b'{a="2", f="5", g="6", h="7"}']
    streams = [field(1, labels) for labels in sets]
    yield from (field(1, streams[at % 4] + entry) for at, entry in enumerate(entries))
    yield b"".join(field(1, stream + b"".join(entries)) for stream in streams)


SEEDS = {
    "push": bodies,
    "treat": lambda: (*bodies(), *ruled()),
    "json": lambda: (body for is_json, body in clients() if is_json),
    "fields": lines,
    "redact": lambda: (bytes([number % 6]) + line for number, line in enumerate(lines())),
    "labels": lambda: rows("labels.jsonl"),
    "logql": lambda: rows("logql-queries.jsonl"),
    "policy": lambda: (*fenced("yaml"), *files("tests/errors/policy/*.yaml"), *files("deploy/**/*.yaml")),
}

target, folder = sys.argv[1], pathlib.Path(sys.argv[2])
for number, seed in enumerate(SEEDS[target]()):
    if len(seed) <= LONGEST:
        (folder / f"seed-{number}").write_bytes(seed)
