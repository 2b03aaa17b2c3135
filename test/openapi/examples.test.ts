/**
 * The examples of docs/openapi.json are what a gateway answers. `npm run openapi:examples` (UPDATE_EXAMPLES=1) replaces those whose
 * shape has changed; otherwise a difference fails.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { differences, shapeOf } from '../../scripts/lib/live/shapes.ts'
import { gatewaysOfFile } from '../support/gateways-of-file.ts'
import { Receiver } from '../support/receiver.ts'
import { Tour, VARS, type Example } from './tour.ts'

const FILE = 'scripts/lib/openapi/examples.json'
const open = gatewaysOfFile()
const receiver = await Receiver.open()
afterAll(() => receiver.close())

function differs(kept: Example | undefined, seen: Example): string[] {
  if (!kept || kept.status !== seen.status) return [`status ${String(seen.status)}`]
  return [
    ...differences(shapeOf(kept.answer), shapeOf(seen.answer)),
    ...differences(shapeOf(kept.request), shapeOf(seen.request), '/request'),
  ]
}

test('what a gateway answers has the shape of the examples in the document', async () => {
  const gateway = await open({ vars: VARS, simVars: { JOB_MS: '600000' } })
  const tour = new Tour(gateway, receiver)
  await tour.run()
  const kept = JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, Example | undefined>
  const wrong = Object.entries(tour.examples).flatMap(([name, seen]) =>
    differs(kept[name], seen).map((line) => `${name}: ${line}`)
  )
  const gone = Object.keys(kept).filter((name) => !(name in tour.examples))
  if (process.env['UPDATE_EXAMPLES'] === '1') {
    const all = Object.entries(tour.examples).map(([name, seen]) => {
      const before = kept[name]
      return [name, before && differs(before, seen).length === 0 ? before : seen] as const
    })
    const lines = all.map(([name, one]) => `${JSON.stringify(name)}: ${JSON.stringify(one)}`)
    writeFileSync(FILE, `{\n${lines.join(',\n')}\n}\n`)
  } else {
    expect([...wrong, ...gone]).toEqual([])
  }
})
