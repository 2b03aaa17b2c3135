/** Keeps the task of a status answer with the report of its end, for the event that is built from it. */
import { elementsAt, sliceAt } from '#domain/text/json-slices.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { JobReport } from '#domain/slots/lease.ts'
import type { RouteMatch } from '#providers/contract/provider.ts'

const TASK_CHARS_MAX = 256 * 1024

/** The task is kept in Kling's own bytes, because its numbers may be larger than JavaScript's. */
export function withTask(
  match: RouteMatch,
  reports: JobReport[],
  text: string | undefined
): JobReport[] {
  const at = match.route.reports && text !== undefined ? tasksIn(text) : []
  return reports.map((report) => {
    const isEnd = report.state === 'completed' || report.state === 'failed'
    const task = isEnd ? at.find((one) => `task:${one.id}` === report.watch)?.task : undefined
    return task === undefined ? report : { ...report, facts: { task } }
  })
}

function tasksIn(text: string): { id: string | undefined; task: string }[] {
  const data = sliceAt(text, '/data/result') ?? sliceAt(text, '/data')
  if (!data) return []
  const slices = text[data.start] === '[' ? elementsAt(text, data.start) : [data]
  return slices.flatMap(({ start, end }) => {
    if (end - start > TASK_CHARS_MAX) return []
    const task = text.slice(start, end)
    const read = parseJson(task)
    return [{ id: textAt(read, '/task_id') ?? textAt(read, '/id'), task }]
  })
}
