/** Tells a client with a refused token which header needs which token. It never repeats what the client sent. */
import type { Context } from 'hono'
import { isTokenForm } from '#domain/access/token.ts'
import { PROVIDERS } from '#providers/index.ts'
import type { AppEnv } from './app-env.ts'
import { routedSurfaceOf } from './address.ts'

export function tokenHint(c: Context<AppEnv>): string {
  const surface = routedSurfaceOf(c)
  if (/^\/admin(\/|$)/.test(c.req.path)) return ADMIN
  const isDropIn = surface.kind === 'drop-in'
  const authorization = c.req.header('authorization')?.trim() ?? ''
  const key = c.req.header('x-api-key')?.trim() ?? ''
  if (!isDropIn && authorization === '' && key !== '') return OWN_PATHS
  if (authorization !== '' && !/^Bearer\s+\S/i.test(authorization)) return NO_BEARER
  if (authorization === '' && /^Bearer\s/i.test(key)) return BEARER_IN_KEY
  const token = authorization.replace(/^Bearer\s+/i, '') || key
  if (token === '') return isDropIn ? NONE : NONE_OWN
  return aboutToken(token, surface.kind === 'drop-in' ? surface.provider : undefined)
}

interface Named {
  name: string
  accounts: { signedTokens?: object }
}

function aboutToken(token: string, provider: Named | undefined): string {
  if (token.startsWith('hgs_')) return STREAM
  if (isTokenForm(token)) return UNKNOWN
  if (token.startsWith('hgw_')) return BROKEN
  if (provider?.accounts.signedTokens && token.split('.').length === 3) return SIGNED
  const [first] = PROVIDERS
  const where = `/v1/${(provider ?? first)?.name}/accounts`
  return `This is not a token of the gateway: those start with hgw_. A key of the provider itself belongs to an account: POST ${where}.`
}

const ADMIN =
  'Send the ADMIN_TOKEN of this deployment as `Authorization: Bearer <token>`. It has 32 characters or more.'
const OWN_PATHS =
  'This path takes `Authorization: Bearer <token>`. X-Api-Key is for the drop-in paths alone.'
const NO_BEARER = 'Authorization must be `Bearer <token>`, with the word Bearer before the token.'
const BEARER_IN_KEY = 'X-Api-Key takes the token alone, without the word Bearer.'
const NONE =
  'Send a token of the gateway (hgw_...) as `Authorization: Bearer <token>` or as `X-Api-Key: <token>`.'
const NONE_OWN = 'Send a token of the gateway (hgw_...) as `Authorization: Bearer <token>`.'
const STREAM = 'This stream token is not valid here, or no longer valid. Make a new one.'
const UNKNOWN = 'This token is unknown: it was removed, has expired, or belongs to another gateway.'
const BROKEN = 'This token is not whole: copy all of it, 55 characters.'
const SIGNED =
  'This signed token is not valid now, or its access key or secret key is not from this gateway. A token of the gateway (hgw_...) is accepted, too.'
