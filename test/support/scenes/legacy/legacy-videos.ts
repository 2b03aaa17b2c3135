/** Looks and scenes for tests of older calls that make videos. */
import type { Simulator } from '../../simulator.ts'

/** A public voice of the simulator. */
export const VOICE = '1bd001e7e50f421d891986aad5158bc8'

/** A private look of an account, with the engines that HeyGen shows for it. */
export function addLook(
  sim: Simulator,
  name: string,
  id: string,
  doc: Record<string, unknown>,
  engines: readonly string[]
) {
  return sim.control('POST', '/resources', {
    account: `${name}@example.com`,
    resource: 'avatar',
    form: doc['avatar_type'] === 'photo_avatar' ? 'photo' : 'look',
    id,
    doc: { ...doc, supported_api_engines: engines },
  })
}

/** A scene of v2 in which the avatar says hello. */
export function sceneOf(avatarId: string, character: Record<string, unknown> = {}) {
  return {
    character: { type: 'avatar', avatar_id: avatarId, ...character },
    voice: { type: 'text', input_text: 'Hello there.', voice_id: VOICE },
  }
}

/** An uploaded picture of an account. Returns its id. */
export async function addAsset(sim: Simulator, name: string, id: string): Promise<string> {
  const account = `${name}@example.com`
  await sim.control('POST', '/resources', {
    account,
    resource: 'asset',
    id,
    doc: { file_type: 'image', mime_type: 'image/png' },
  })
  return id
}

/** The bodies of the videos that v3 was asked to make. */
export async function bodiesSent(sim: Simulator, of = '/v3/videos'): Promise<unknown[]> {
  const all = await sim.requests()
  return all
    .filter(({ method, path }) => method === 'POST' && path === of)
    .map(({ body }) => JSON.parse(body ?? 'null') as unknown)
}

export interface Bill {
  usd: number
  lines: { row: string; kind: string; engine: string | null; usd: number }[]
}

/** What all accounts would have paid. */
export function billOf(sim: Simulator): Promise<Bill> {
  return sim.control<Bill>('GET', '/bill')
}
