/** A HeyGen with a long list of public looks, behind a gateway that carries the older list of avatars. */
import { expect } from 'vitest'
import { CLOCKED, stopClock } from '../../clock/clock.ts'
import type { GatewayOptions } from '../../gateway.ts'
import { openStoodIn, type Sent, type StoodIn } from '../../stand-in.ts'

const LOOKS = '/v3/avatars/looks'

export interface Catalogue {
  looks: number
  own?: Record<string, number>
  refused?: (sent: Sent) => boolean
}

/** A HeyGen with so many public looks. A page token means nothing to another account. */
export async function openCatalogue(catalogue: Catalogue, options: GatewayOptions = {}) {
  const stoodIn = await openStoodIn({
    accounts: { alice: 2, bob: 2 },
    vars: { LEGACY: 'bridge' },
    entry: CLOCKED,
    ...options,
  })
  const { gateway, standIn } = stoodIn
  await stopClock(gateway)
  standIn.answer = (sent) => {
    const { pathname, searchParams } = new URL(sent.path, 'http://heygen')
    if (pathname !== LOOKS) return undefined
    if (catalogue.refused?.(sent)) {
      return { status: 500, body: { error: { code: 'internal_error', message: 'no' } } }
    }
    return { body: page(catalogue, sent.account, searchParams) }
  }
  return { ...stoodIn, list: () => listAvatars(gateway) }
}

function page({ looks, own = {} }: Catalogue, account: string, query: URLSearchParams) {
  const isPublic = query.get('ownership') === 'public'
  const all = isPublic ? looks : (own[account] ?? 0)
  const [holder, from = '0'] = (query.get('token') ?? `${account}:0`).split(':')
  if (holder !== account) throw new Error(`a token of ${holder} was sent to ${account}`)
  const start = Number(from)
  const end = Math.min(all, start + Number(query.get('limit')))
  const name = isPublic ? 'public' : account
  const data = Array.from({ length: end - start }, (_, at) => look(`${name}-${start + at}`))
  return { data, has_more: end < all, next_token: end < all ? `${account}:${end}` : null }
}

function look(id: string) {
  return { id, name: id, avatar_type: 'studio_avatar', group_id: `group-${id}`, tags: [] }
}

export async function listAvatars(gateway: StoodIn['gateway']) {
  const answer = await gateway.fetch('/heygen/v2/avatars')
  const text = await answer.text()
  expect(answer.status, text.slice(0, 500)).toBe(200)
  const { data } = JSON.parse(text) as { data: { avatars: { avatar_id: string }[] } }
  return {
    ids: data.avatars.map(({ avatar_id }) => avatar_id),
    lost: answer.headers.get('x-gateway-lost'),
    account: answer.headers.get('x-gateway-account'),
  }
}

/** The pages of public looks that were asked for. */
export function publicPages({ standIn }: Pick<StoodIn, 'standIn'>): Sent[] {
  return standIn.to(LOOKS).filter(({ path }) => path.includes('ownership=public'))
}
