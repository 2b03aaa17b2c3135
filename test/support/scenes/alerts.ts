/** Alerts of a gateway, as their receiver gets them. */
import { expect } from 'vitest'
import { until, type Gateway } from '../gateway.ts'
import type { Received, Receiver } from '../receiver.ts'

export interface ShownAlert {
  id: string
  url: string
  form: string
  events: string[]
  balanceBelow: number | null
  secret?: string
}

export interface AlertBody {
  id: string
  type: string
  kind: string
  state: string
  tenant: string
  provider: string
  account: string | null
  text: string
  detail: Record<string, unknown>
}

export async function addAlert(
  gateway: Gateway,
  url: string,
  more: Record<string, unknown> = {}
): Promise<ShownAlert & { secret: string }> {
  return made(await gateway.post('/v1/alerts', { url, form: 'generic', ...more }))
}

export async function addOperatorAlert(
  gateway: Gateway,
  url: string,
  more: Record<string, unknown> = {}
): Promise<ShownAlert & { secret: string }> {
  return made(await gateway.admin('POST', '/alerts', { url, form: 'generic', ...more }))
}

async function made(answer: Response): Promise<ShownAlert & { secret: string }> {
  expect(answer.status, await answer.clone().text()).toBe(201)
  return (await answer.json()) as ShownAlert & { secret: string }
}

export function bodyIn({ body }: Received): AlertBody {
  return JSON.parse(body) as AlertBody
}

/** What came at this path, as `kind state account`. */
export function saidAt(receiver: Receiver, path: string): string[] {
  return receiver.posts(path).map((one) => {
    const { kind, state, account } = bodyIn(one)
    return [kind, state, account?.split('@')[0] ?? 'pool'].join(' ')
  })
}

/** Waits until the path was told this, after what it was told before. */
export async function untilSaid(
  receiver: Receiver,
  path: string,
  said: string[],
  before = 0
): Promise<void> {
  const isSaid = async () => saidAt(receiver, path).length >= before + said.length
  await until(isSaid, 30_000).catch(() => {})
  expect(saidAt(receiver, path).slice(before)).toEqual(said)
}
