/** Reads the rows of a list as JSON text, and writes an answer with other rows. The provider's text is never reformatted. */
import { textAt, valueAt, valuesAt } from '#domain/text/json-pointer.ts'
import { elementsAt, sliceAt, startAt, splice, type Edit } from '#domain/text/json-slices.ts'
import { totalOf } from '#domain/text/add-numbers.ts'
import { toMs, type MergedPage, type Row } from '#domain/lists/merge-rows.ts'
import type { ListShape } from '#providers/contract/provider.ts'
import type { Asked } from '#flows/routing/ask-accounts.ts'

export type Answer = NonNullable<Asked['answer']>

export function rowsIn(shape: ListShape, pointer: string, answer: Answer): Row[] {
  const start = startAt(answer.text, pointer)
  if (start === undefined) return []
  const values = valuesAt(answer.json, `${pointer}/*`)
  return elementsAt(answer.text, start).map((slice, index) => {
    const text = answer.text.slice(slice.start, slice.end)
    const value = values[index]
    const id = rowId(shape, value) ?? `${index}-${text}`
    return { id, createdAt: toMs(timeOf(shape, value)), text }
  })
}

function timeOf(shape: ListShape, row: unknown): unknown {
  for (const pointer of shape.times) {
    const time = valueAt(row, pointer)
    if (time !== undefined) return time
  }
  return undefined
}

export function rowId(shape: ListShape, row: unknown): string | undefined {
  return shape.id === undefined ? idIn(row) : textAt(row, shape.id)
}

/** Members that can hold a row's own id, in the order in which they are tried. */
const ID_MEMBERS = [
  '/id',
  '/video_id',
  '/session_id',
  '/voice_id',
  '/avatar_id',
  '/talking_photo_id',
  '/template_id',
  '/event_id',
  '/endpoint_id',
  '/render_id',
  '/brand_glossary_id',
  '/brand_kit_id',
]

function idIn(row: unknown): string | undefined {
  for (const pointer of ID_MEMBERS) {
    const id = textAt(row, pointer)
    if (id !== undefined) return id
  }
  return undefined
}

export function pagedText(
  shape: ListShape,
  first: Answer,
  answered: readonly Answer[],
  merged: MergedPage,
  token: string | null
): string {
  const edits: Edit[] = []
  const put = (pointer: string | undefined, text: string) => {
    const slice = pointer === undefined ? undefined : sliceAt(first.text, pointer)
    if (slice) edits.push({ ...slice, text })
  }
  put(shape.rows[0], `[${merged.rows.map(({ row }) => row.text).join(',')}]`)
  put(shape.next, JSON.stringify(token))
  put(shape.more, String(token !== null))
  put(shape.count, String(merged.rows.length))
  for (const at of shape.totals) {
    const total = totalOf(answered.map((answer) => valueAt(answer.json, at)))
    if (total !== undefined) put(at, String(total))
  }
  return splice(first.text, edits)
}

/** Merges answers with several arrays and no pages. Each array gets the rows of all accounts, each row once. */
export function unpagedText(shape: ListShape, answered: readonly Answer[]): string {
  const [first] = answered
  if (!first) return ''
  const edits = shape.rows.flatMap((pointer) => {
    const slice = sliceAt(first.text, pointer)
    const seen = new Map(
      answered
        .flatMap((answer) => rowsIn(shape, pointer, answer))
        .toReversed()
        .map((row) => [row.id, row.text])
    )
    return slice ? [{ ...slice, text: `[${[...seen.values()].toReversed().join(',')}]` }] : []
  })
  return splice(first.text, edits)
}
