/**
 * The names of queued creations. Clients get them in the place of the provider's ids, which are not known yet. They are computed
 * from the request and the moment, and carry a mark by which they are recognised. The mark is a hint only: what the desk does not
 * know is an id of the provider like any other.
 *
 * An id is a UUID of version 7: `xxxxxxxx-xxxx-7ppp-rrrr-rrrrmmmmmmmm` with the time, the part, 30 bits of the request's id, and the
 * mark over all digits before it. The item's own id is its part 0.
 */
import { fnv } from '#domain/text/hash.ts'
import { prefixOf, timeOf } from '#domain/text/time-ordered-id.ts'
import type { IdForm } from './item.ts'

const TIME_DIGITS = 12
const NAME = /^(?:[a-z]+_)?([0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/
const MARKED = /^[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/
/** Of a decimal name: an 8, the time, the part, and three digits from the request's id. The provider's own have 18 digits. */
const DECIMAL = /^8(\d{13})(\d{2})\d{3}$/

/** The id of the item that a request queues at that time. Another time gives another id. */
export function itemIdOf(requestId: string, at: number): string {
  const bits = (Number.parseInt(fnv(requestId), 16) & 0x3fffffff) | 0x80000000
  const time = prefixOf(at).replace('-', '')
  return toUuid(marked(`${time}7000${(bits >>> 0).toString(16)}`))
}

/** The names of an item's parts, in the form of the row's ids. */
export function namesOf(item: string, parts: number, form: IdForm): string[] {
  const digits = item.replaceAll('-', '')
  return Array.from({ length: parts }, (_, part) => {
    if (form.kind === 'decimal') return decimalName(item, digits, part)
    const hex = part.toString(16).padStart(3, '0')
    const name = marked(`${digits.slice(0, 13)}${hex}${digits.slice(16, 24)}`)
    return form.kind === 'prefix' ? form.prefix + name : name
  })
}

function decimalName(item: string, digits: string, part: number): string {
  const ofRequest = Number.parseInt(digits.slice(16, 24), 16) % 1000
  const [time, two] = [String(timeOf(item)).padStart(13, '0'), String(part).padStart(2, '0')]
  return `8${time}${two}${String(ofRequest).padStart(3, '0')}`
}

/** What a text says if it looks like a name. `item`: absent in a decimal name, whose item is one of that moment. */
interface Mark {
  item?: string
  /** When it was asked for, epoch ms. */
  at: number
  part: number
}

/** Undefined: the text is no name of ours. */
export function markOf(text: string): Mark | undefined {
  const [, time, part] = DECIMAL.exec(text) ?? []
  if (time !== undefined) return { at: Number(time), part: Number(part) }
  const digits = (NAME.exec(text)?.[1] ?? '').replaceAll('-', '')
  if (!MARKED.test(digits) || marked(digits.slice(0, 24)) !== digits) return undefined
  const item = toUuid(marked(`${digits.slice(0, 13)}000${digits.slice(16, 24)}`))
  const at = Number.parseInt(digits.slice(0, TIME_DIGITS), 16)
  return { item, at, part: Number.parseInt(digits.slice(13, 16), 16) }
}

function marked(digits: string): string {
  return digits + fnv(digits)
}

function toUuid(digits: string): string {
  const cuts = [0, 8, 12, 16, 20, 32]
  return cuts
    .slice(1)
    .map((end, index) => digits.slice(cuts[index], end))
    .join('-')
}
