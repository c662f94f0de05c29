// What the senders here share: `node SENDER.js URL TENANT LINES [FORM]`.
'use strict'

const { readFileSync } = require('node:fs')

const [url, tenant, file, form] = process.argv.slice(2)

module.exports = {
  url,
  tenant,
  form,
  // One JSON object a line: {"line": TEXT, "place": LABEL VALUE, "metadata": {NAME: TEXT}}.
  lines: readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line)),
  // The sender stays, as a service would, until its standard input ends.
  untilInputEnds: () => new Promise((resolve) => process.stdin.resume().on('end', resolve))
}
