// Sends lines through pino-loki.
'use strict'

const pino = require('pino')
const { pinoLoki } = require('pino-loki')
const { url, tenant, lines, untilInputEnds } = require('./lines')

const transport = pinoLoki({
  host: url,
  headers: { 'X-Scope-OrgID': tenant },
  labels: { app: 'sender' },
  propsToLabels: ['place'],
  batching: { interval: 1 }
})
const logger = pino(transport)
for (const { line, place, metadata } of lines) {
  logger.info({ place, meta: metadata }, line)
}
untilInputEnds().then(() => transport.end())
