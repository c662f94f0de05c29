"""Sends lines through loki-logger-handler."""

import logging

from loki_logger_handler.loki_logger_handler import LokiLoggerHandler

from lines import TENANT, URL, lines, until_input_ends

handler = LokiLoggerHandler(
    url=URL + "/loki/api/v1/push",
    labels={"app": "sender"},
    label_keys={"place"},
    additional_headers={"X-Scope-OrgID": TENANT},
    timeout=1,
    enable_structured_loki_metadata=True,
)
logger = logging.getLogger("sender")
logger.setLevel(logging.INFO)
logger.addHandler(handler)
for line in lines():
    logger.info("%s", line["line"], extra={"place": line["place"], "loki_metadata": line["metadata"]})
# What is left is sent at exit.
until_input_ends()
