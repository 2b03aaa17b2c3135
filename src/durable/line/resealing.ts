/**
 * Re-seals what the line keeps sealed, in the order of the keys: bodies of what waits, then what refusals said. A row is written only
 * if it did not change since it was read.
 */
import type { Resealer } from '#flows/access/reseal-text.ts'
import { queuedIdentity } from '#flows/queue/item-text.ts'
import type { LineContext } from './context.ts'

/** One body may have 1.4 MB. */
const BYTES_IN_A_STEP = 8 * 1024 * 1024
const BODIES_IN_A_STEP = 200
const ROWS_IN_A_STEP = 1000

/** Bodies, then refusals of items that are still owed, then of those that left the line. */
const STAGES = ['bodies', 'owed', 'gone'] as const
type Stage = (typeof STAGES)[number]

export async function resealLine(
  context: LineContext,
  resealer: Resealer,
  after: string
): Promise<{ after?: string }> {
  const [first, from] = JSON.parse(after || '["bodies",""]') as [Stage, string]
  for (const stage of STAGES.slice(STAGES.indexOf(first))) {
    const item = stage === first ? from : ''
    const last =
      stage === 'bodies'
        ? await resealBodies(context, resealer, item)
        : await resealRefusals(context, resealer, stage === 'gone', item)
    if (last !== undefined) return { after: JSON.stringify([stage, last]) }
  }
  return {}
}

/** Returns the item after which it goes on. Undefined: all are done. */
async function resealBodies(
  { memory: { items }, provider, tenant }: LineContext,
  resealer: Resealer,
  from: string
): Promise<string | undefined> {
  let [last, bytes] = [from, 0]
  for (let count = 0; count < BODIES_IN_A_STEP && bytes < BYTES_IN_A_STEP; count += 1) {
    const row = items.sealedAfter(last)
    if (!row) return undefined
    const { item, sealed } = row
    const identity = queuedIdentity(provider, tenant)
    const text = await resealer.text('queuedBodies', identity, sealed, { tenant, name: item })
    if (text !== undefined) items.replaceSealed(item, sealed, text)
    last = item
    bytes += sealed.length
  }
  return last
}

async function resealRefusals(
  { memory: { items }, provider, tenant }: LineContext,
  resealer: Resealer,
  isGone: boolean,
  from: string
): Promise<string | undefined> {
  const rows = items.after(isGone, from, ROWS_IN_A_STEP)
  for (const { item, record } of rows) {
    const { refusal } = record
    const identity = queuedIdentity(provider, tenant)
    const text = await resealer.text('queuedRefusals', identity, refusal, { tenant, name: item })
    if (text === undefined) continue
    const current = items.find(item)
    if (current && current.record.refusal === refusal)
      items.replaceRecord(current, { ...current.record, refusal: text })
  }
  return rows.length < ROWS_IN_A_STEP ? undefined : rows.at(-1)?.item
}
