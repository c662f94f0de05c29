// Sends lines through winston-loki, in the form `json` or `protobuf`.
'use strict'

const winston = require('winston')
const LokiTransport = require('winston-loki')
const { url, tenant, form, lines, untilInputEnds } = require('./lines')

const transport = new LokiTransport({
  host: url,
  headers: { 'X-Scope-OrgID': tenant },
  labels: { app: 'sender' },
  json: form === 'json',
  interval: 1
})
const logger = winston.createLogger({ transports: [transport] })
for (const { line, place, metadata } of lines) {
  logger.info({ message: line, labels: { place }, ...metadata })
}
// After a failure it waits for a minute; whoever closes it has it send what it still holds at once.
untilInputEnds().then(() => transport.close())
