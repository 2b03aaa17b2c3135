/** Refusals in the envelope of the family that was called. */
import { Refusal } from '../../answers/refusal.ts'
import type { Row } from '../catalogue/catalogue.ts'

export type Envelope = 'v1' | 'v2' | 'v3'

/** The shape of a row's errors. Some rows have the envelope of another family than their path. */
export function envelopeOf(row: Row): Envelope {
  const example = row.errorExamples.find((each) => each.status === 401)?.body as object | undefined
  if (example && 'data' in example) return 'v2'
  if (example && 'code' in example) return 'v1'
  return row.family === 'ws' ? 'v1' : row.family
}

export function envelopeOfPath(path: string): Envelope {
  const family = path.split('/')[1]
  return family === 'v2' || family === 'v3' ? family : 'v1'
}

type ErrorFacts = {
  status: number
  /** v1 number. */
  number: number
  /** v2 and v3 word. */
  code: string
  message: string
  param?: string
}

export function errorBody(envelope: Envelope, facts: ErrorFacts): unknown {
  const { number, code, message, param } = facts
  if (envelope === 'v1') return { code: number, message }
  if (envelope === 'v2') return { data: null, error: { code, message } }
  return { error: { code, message, param: param ?? null, doc_url: null } }
}

export function refuse(
  envelope: Envelope,
  facts: ErrorFacts,
  headers?: Record<string, string>
): Refusal {
  return new Refusal(facts.status, errorBody(envelope, facts), headers)
}

export function unauthorized(envelope: Envelope): Refusal {
  if (envelope === 'v1') return new Refusal(401, { code: 400112, message: 'Unauthorized' })
  if (envelope === 'v2') {
    return new Refusal(401, {
      data: null,
      error: { code: 'internal_error', message: 'Unauthorized' },
    })
  }
  const doc_url = 'https://developers.heygen.com/docs/error-codes#unauthorized'
  return new Refusal(401, { error: { code: 'unauthorized', message: 'Unauthorized', doc_url } })
}

export function invalid(envelope: Envelope, message: string, param?: string): Refusal {
  return refuse(envelope, {
    status: 400,
    number: 400175,
    code: 'invalid_parameter',
    message,
    ...(param ? { param } : {}),
  })
}

export function tooMany(envelope: Envelope, seconds: number): Refusal {
  const message = `Too many requests. Retry after ${seconds} seconds.`
  return refuse(
    envelope,
    // The v1 text is documented; that v2 uses the v3 word is a [guess].
    envelope === 'v1'
      ? { status: 429, number: 400123, code: '', message: 'Exceed rate limit' }
      : { status: 429, number: 400123, code: 'rate_limit_exceeded', message },
    { 'retry-after': String(seconds) }
  )
}

const NOT_FOUND: Record<string, { number: number; code: string; noun: string }> = {
  video: { number: 40104, code: 'video_not_found', noun: 'Video' },
  avatar: { number: 400144, code: 'avatar_not_found', noun: 'avatar' },
  voice: { number: 400116, code: 'voice_not_found', noun: 'Voice' },
  asset: { number: 400569, code: 'asset_not_found', noun: 'asset' },
  'avatar-group': { number: 400569, code: 'avatar_group_not_found', noun: 'avatar group' },
  'webhook-endpoint': { number: 400131, code: 'webhook_not_found', noun: 'Webhook endpoint' },
}

/**
 * An id that is unknown or belongs to another account. Ids in path and query get the row's documented answer, if there is
 * one. Ids in bodies get the family's code for the resource: 400 on v2 generation, as seen, else 404 [guess].
 */
export function notFound(row: Row, type: string, place: 'path' | 'query' | 'body'): Refusal {
  const documented = row.errorExamples.find((each) => each.status === 404)
  if (documented && place !== 'body') return new Refusal(404, documented.body)
  const known = NOT_FOUND[type]
  const envelope = envelopeOf(row)
  const isV2Generation = envelope === 'v2' && place === 'body' && row.kind === 'creates-job'
  const message =
    envelope === 'v3'
      ? 'The requested resource was not found.'
      : `${known?.noun ?? type.replaceAll('-', ' ')} not found`
  return refuse(envelope, {
    status: isV2Generation && known ? 400 : 404,
    number: known?.number ?? 400569,
    code: known?.code ?? 'not_found',
    message,
  })
}
