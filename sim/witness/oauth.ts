/**
 * HeyGen's sign-in for devices (reference/heygen-login.md section 3, RFC 8628): codes, a person who approves or refuses them, tokens
 * that end, and renewals. A renewal may leave the refresh token as it is.
 */
import type { NetworkCall, Served, Server } from '../platform/network.ts'
import type { World } from '../world/world.ts'
import type { Account } from './books.ts'

interface Code {
  deviceCode: string
  userCode: string
  state: 'open' | 'approved' | 'denied' | 'used'
  account?: Account
  endsAt: number
}

export const CLIENT_ID = 'client-of-the-simulation'
const CODE_MS = 600_000
const TOKEN_MS = 1_800_000

export class OAuth implements Server {
  /** Codes and tokens, which nobody but the person may see. */
  readonly secrets: string[] = []
  readonly #world: World
  readonly #codes: Code[] = []
  readonly #access = new Map<string, { account: Account; endsAt: number }>()
  readonly #refresh = new Map<string, Account>()

  constructor(world: World) {
    this.#world = world
  }

  /** The person opens the page and decides. */
  decide(userCode: string, account: Account | undefined): void {
    const code = this.#codes.find((one) => one.userCode === userCode)
    if (code?.state !== 'open') return
    code.state = account ? 'approved' : 'denied'
    if (account) code.account = account
  }

  accountOf(token: string): Account | undefined {
    const found = this.#access.get(token)
    return found && found.endsAt > this.#world.now ? found.account : undefined
  }

  serve({ method, url, body }: NetworkCall): { reply: Served; afterMs: number } {
    const form = new URLSearchParams(body)
    const isKnown = method === 'POST' && form.get('client_id') === CLIENT_ID
    if (!isKnown) return no('invalid_client')
    if (url.pathname === '/v1/oauth/device_authorization') return this.#begin()
    if (url.pathname !== '/v1/oauth/token') return no('invalid_request')
    if (form.get('grant_type') === 'refresh_token') {
      const account = this.#refresh.get(form.get('refresh_token') ?? '')
      return account ? this.#give(account, false) : no('invalid_grant')
    }
    const code = this.#codes.find((one) => one.deviceCode === form.get('device_code'))
    if (!code || code.state === 'used') return no('invalid_grant')
    if (code.endsAt <= this.#world.now) return no('expired_token')
    if (code.state === 'denied') return no('access_denied')
    if (!code.account) {
      const isFast = this.#world.chance.isHit('slow down', 0.1)
      return no(isFast ? 'slow_down' : 'authorization_pending')
    }
    code.state = 'used'
    return this.#give(code.account, true)
  }

  #begin(): { reply: Served; afterMs: number } {
    const deviceCode = this.#newSecret('device')
    const userCode = this.#world.chance.hex('user codes', 8).toUpperCase()
    const endsAt = this.#world.now + CODE_MS
    this.#codes.push({ deviceCode, userCode, state: 'open', endsAt })
    const uri = 'https://app.heygen.com/device'
    return say(200, {
      ...{ device_code: deviceCode, user_code: userCode, verification_uri: uri },
      ...{ verification_uri_complete: `${uri}?code=${userCode}`, expires_in: CODE_MS / 1000 },
      interval: 5,
    })
  }

  #give(account: Account, isFirst: boolean): { reply: Served; afterMs: number } {
    const access = this.#newSecret('access')
    this.#access.set(access, { account, endsAt: this.#world.now + TOKEN_MS })
    const token = { access_token: access, token_type: 'Bearer', expires_in: TOKEN_MS / 1000 }
    if (!isFirst) return say(200, token)
    const refresh = this.#newSecret('refresh')
    this.#refresh.set(refresh, account)
    return say(200, { ...token, refresh_token: refresh })
  }

  #newSecret(what: string): string {
    const secret = `${what}_${this.#world.chance.hex('oauth secrets', 32)}`
    this.secrets.push(secret)
    return secret
  }
}

function say(status: number, body: object): { reply: Served; afterMs: number } {
  return { reply: { status, body: JSON.stringify(body) }, afterMs: 0 }
}

function no(error: string): { reply: Served; afterMs: number } {
  return say(400, { error })
}
