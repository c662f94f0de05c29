"""Sends lines through python-logging-loki, in the form `v1`, `legacy` or `default`.

`default` leaves the version out: a legacy body for whatever path is given, and the one that its manual gives is v1's.
"""

import logging

import requests
from logging_loki import LokiHandler

from lines import FORM, TENANT, URL, lines, until_input_ends

PATH, VERSION = {
    "v1": ("/loki/api/v1/push", "1"),
    "legacy": ("/api/prom/push", "0"),
    "default": ("/loki/api/v1/push", None),
}[FORM]

session = requests.Session()
session.headers["X-Scope-OrgID"] = TENANT
handler = LokiHandler(url=URL + PATH, tags={"app": "sender"}, version=VERSION)
# It knows no headers; the session that it makes anew after each failure is where they can be.
handler.emitter.session_class = lambda: session

logger = logging.getLogger("sender")
logger.setLevel(logging.INFO)
logger.addHandler(handler)
for line in lines():
    logger.info("%s", line["line"], extra={"tags": {"place": line["place"]}})
until_input_ends()
