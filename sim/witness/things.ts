/**
 * What HeyGen has beside jobs and files, as far as plans call it: lists of looks and voices, speech, and a path of which the gateway
 * knows nothing. Built from the reference, in the forms of v3 and of the older lists.
 */
import { data, refusal } from '../../test/support/witness/witness-answers.ts'
import type { NetworkCall, NetworkReply } from '../platform/network.ts'
import type { World } from '../world/world.ts'
import type { Account } from './books.ts'

type Answer = Pick<NetworkReply, 'status' | 'body'>

interface Thing {
  id: string
  account: string
  madeAt: number
}

/** How long a job of the unknown path runs. */
const SHINY_MS = 60_000

export class Things {
  readonly #world: World
  readonly #things = new Map<string, Thing>()

  constructor(world: World) {
    this.#world = world
  }

  /** Undefined: not here. */
  answer({ method, url }: NetworkCall, account: Account): Answer | undefined {
    const path = url.pathname
    const [, , family = '', id] = path.split('/')
    if (method === 'POST' && path === '/v3/voices/speech')
      return data({ audio_url: 'https://files.example.com/speech.mp3', duration: 2.5 })
    if (method === 'POST' && path === '/v3/shiny-renders')
      return data({ id: this.#make('shiny', account).id, status: 'processing' })
    if (method === 'GET' && path.startsWith('/v3/') && id === undefined && LISTS.has(family))
      return listed(account)
    if (method === 'GET' && path === '/v2/voices')
      return data({ voices: rows(account, 'voice_id') })
    if (method === 'GET' && path === '/v2/avatars')
      return data({ avatars: rows(account, 'avatar_id'), talking_photos: [] })
    if (method === 'GET' && path === LOOKS) return listed(account, url.searchParams)
    const [, look] = /^\/v3\/avatars\/looks\/([^/]+)$/.exec(path) ?? []
    if (method === 'GET' && look !== undefined) return oneLook(account, decodeURIComponent(look))
    if (id === undefined || !path.startsWith('/v3/')) return undefined
    return this.#one(method, account, id)
  }

  #make(name: string, { email }: Account): Thing {
    const id = `${name}-${this.#world.chance.hex('things', 20)}`
    const thing = { id, account: email, madeAt: this.#world.now }
    this.#things.set(id, thing)
    return thing
  }

  #one(method: string, { email }: Account, id: string): Answer | undefined {
    const thing = this.#things.get(id)
    if (!thing) return undefined
    if (thing.account !== email) return refusal(404, 'not_found', 'Not found')
    if (method === 'DELETE') this.#things.delete(id)
    const isOver = this.#world.now > thing.madeAt + SHINY_MS
    return data({ id, status: isOver ? 'completed' : 'processing' })
  }
}

const LOOKS = '/v3/avatars/looks'
const LISTS = new Set(['avatars', 'voices', 'templates', 'brand-kits'])

/** An id is the same in all versions. `name`: what the version calls it. */
function rows({ email }: Account, name: string): Record<string, unknown>[] {
  const own = email.slice(0, email.indexOf('@'))
  const more = { supported_api_engines: ['avatar_iii', 'avatar_iv'] }
  return [
    { [name]: 'shared-id', name: 'Shared', is_public: true, ...more },
    { [name]: `own-${own}-id`, name: 'Own', is_public: false, ...more },
  ]
}

/** Own looks and public ones can be read one by one. */
function oneLook(account: Account, look: string): Answer {
  const row = rows(account, 'id').find(({ id }) => id === look)
  return row ? data(row) : refusal(404, 'avatar_not_found', 'Avatar not found')
}

/** No look is in a group here. */
function listed(account: Account, query = new URLSearchParams()): Answer {
  const part = query.get('ownership')
  const shown = rows(account, 'id').filter(
    ({ is_public: isPublic }) => part === null || (part === 'public') === isPublic
  )
  const page = { data: query.has('group_id') ? [] : shown, has_more: false, next_token: null }
  return { status: 200, body: JSON.stringify(page) }
}
