/** What the task of an ended job tells about its length and price. */
import { parseJson } from '#domain/text/json-text.ts'
import { textAt, textsAt, valuesAt } from '#domain/text/json-pointer.ts'
import type { JobReport, ToldOfJob } from '#domain/slots/lease.ts'

/** The task comes with a status answer or with Kling's own event. A failed task has no results. */
export function toldBy({ facts, event, state }: JobReport): ToldOfJob {
  const text = facts?.['task'] ?? event?.body
  if (typeof text !== 'string' || state !== 'completed') return {}
  const task = parseJson(text)
  return { ...sumOf('seconds', secondsIn(task)), ...sumOf('credits', unitsIn(task)) }
}

function secondsIn(task: unknown): string[] {
  const older = textsAt(task, '/task_result/videos/*/duration')
  const outputs = valuesAt(task, '/outputs/*').filter((one) => textAt(one, '/type') === 'video')
  return [...older, ...outputs.flatMap((one) => textAt(one, '/duration') ?? [])]
}

/** Units of packs, as in the balance. What was paid in money is not told here. */
function unitsIn(task: unknown): string[] {
  const older = textAt(task, '/final_unit_deduction')
  if (older !== undefined) return [older]
  return valuesAt(task, '/billing/*')
    .filter((one) => textAt(one, '/charge_type') === 'unit')
    .flatMap((one) => textAt(one, '/amount') ?? [])
}

function sumOf(name: keyof ToldOfJob, texts: readonly string[]): ToldOfJob {
  const sum = texts.reduce((all, text) => all + Number(text), 0)
  return texts.length === 0 || !Number.isFinite(sum) ? {} : { [name]: sum }
}
