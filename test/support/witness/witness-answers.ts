/** Writes answers and members as HeyGen does. */
import { randomBytes } from 'node:crypto'
import type { WitnessEndpoint } from './witness-hooks.ts'
import type { WitnessKind } from './witness-kinds.ts'
import type { WitnessJob } from './witness-types.ts'

export interface Answer {
  status: number
  body: string
}

export function data(value: unknown): Answer {
  return { status: 200, body: JSON.stringify({ data: value }) }
}

export function refusal(
  status: number,
  code: string,
  message: string,
  param: string | null = null
): Answer {
  return { status, body: JSON.stringify({ error: { code, message, param, doc_url: null } }) }
}

export function wordOf(status: number): string {
  if (status === 429) return 'rate_limit_exceeded'
  if (status === 503) return 'service_unavailable'
  return status === 504 ? 'gateway_timeout' : 'internal_error'
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** The member that is missing or wrong in the body of a creation. Undefined: the body is good. */
export function faultOf(kind: WitnessKind, body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return 'body'
  const given = body as Record<string, unknown>
  const found = Object.entries(kind.needs).find(([name, form]) => {
    const value = given[name]
    if (form === 'list') return !Array.isArray(value) || value.length === 0
    if (form === 'text') return typeof value !== 'string' || value === ''
    return typeof value !== 'object' || value === null
  })
  return found?.[0]
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function urlOf({ id }: WitnessJob): string {
  return `https://files.example.com/${id}.mp4`
}

export function newSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`
}

export function viewOf({ id, url, events }: WitnessEndpoint) {
  return { endpoint_id: id, url, events, status: 'enabled', created_at: '2026-11-01T12:00:00Z' }
}
