"""What the senders here share: `python SENDER.py URL TENANT LINES [FORM]`."""

import json
import sys

URL, TENANT, _FILE, *_FORM = sys.argv[1:]
FORM = _FORM[0] if _FORM else None


def lines():
    """One JSON object a line: {"line": TEXT, "place": LABEL VALUE, "metadata": {NAME: TEXT}}."""
    with open(_FILE, encoding="utf-8") as file:
        return [json.loads(line) for line in file.read().rstrip("\n").split("\n")]


def until_input_ends():
    """The sender stays, as a service would, until its standard input ends."""
    sys.stdin.read()
