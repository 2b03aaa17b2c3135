/** Shortens the gateway's log for a person at a terminal: one short line for each JSON line. */
import type { WorkerLog } from './run-worker.ts'

type Line = Record<string, unknown> & { event: string }

/** Members that are long, or always the same in the gateway of one developer. */
const LEFT_OUT = new Set(['requestId', 'tenant', 'token', 'provider'])

/** For example `POST /heygen/v3/videos 200 bob@example.com 41 ms`. Undefined: not worth a line. */
export function toShortLine({ level, message }: WorkerLog): string | undefined {
  const line = parse(message)
  if (!line) return level === 'error' ? message : undefined
  const { event, level: _, ...facts } = line
  if (event === 'request') return requestLine(facts)
  if (event === 'setting_invalid') return `${facts['message']}`
  if (event === 'job_ended')
    return joined('job ended', facts['outcome'], facts['job'], facts['account'], after(facts))
  const shown = Object.entries(facts).filter(([name]) => !LEFT_OUT.has(name))
  const texts = shown.map(([name, value]) => `${name}=${text(value)}`)
  return joined(event.replaceAll('_', ' '), ...texts)
}

function requestLine(facts: Record<string, unknown>): string {
  const { method, route, status, code, account, ownMs, upstreamMs } = facts
  const ms = Number(ownMs) + Number(upstreamMs)
  return joined(method, route, status, code, account, `${ms} ms`)
}

function after({ seconds }: Record<string, unknown>): string | undefined {
  return seconds === undefined ? undefined : `after ${text(seconds)} s`
}

function joined(...parts: unknown[]): string {
  return parts
    .filter((part) => part !== undefined && part !== '')
    .map((part) => text(part))
    .join(' ')
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function parse(message: string): Line | undefined {
  try {
    const line = JSON.parse(message) as Line
    return typeof line.event === 'string' ? line : undefined
  } catch {
    return undefined
  }
}
