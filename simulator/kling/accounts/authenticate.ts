/** Who calls: an API key, or a token that the caller signed with its SecretKey. Verified in earnest. */
import { refused } from '../answers/errors.ts'
import { findByAccessKey, findByApiKey, type KlingAccount } from './accounts.ts'
import type { Row } from '../catalogue/catalogue.ts'
import type { State } from '../../state/state.ts'

export type Region = 'singapore' | 'beijing'

type Claims = { iss?: unknown; exp?: unknown; nbf?: unknown }

export async function authenticate(
  state: State,
  request: Request,
  row: Row,
  region: Region
): Promise<KlingAccount> {
  const header = request.headers.get('authorization') ?? ''
  if (header.trim() === '') throw refused(1001)
  // Without the word Bearer the header is taken as it is, and then it is not a token [guess].
  const token = /^bearer\s+(\S+)\s*$/i.exec(header)?.[1] ?? header
  const owner = findByApiKey(state, token)
  if (owner && owner.kling.region === region) return owner
  if (row.keys === 'api') throw refused(1002, API_KEY_ONLY)
  const account = await verify(state, token)
  // A credential belongs to one region; that it is unknown in the other is a [guess].
  if (account.kling.region !== region) throw refused(1002, 'access key not exist')
  return account
}

const API_KEY_ONLY =
  'Authentication error. The current API does not support AK/SK; please go to the console to create API key.'

async function verify(state: State, token: string): Promise<KlingAccount> {
  const parts = token.split('.')
  const [head = '', claims = '', signature = ''] = parts
  if (parts.length !== 3) {
    const count = parts.length === 1 ? 0 : parts.length
    throw refused(1002, `The token was expected to have 3 parts, but got ${count}.`)
  }
  const { alg } = readPart(head) as { alg?: unknown }
  const { iss, exp, nbf } = readPart(claims) as Claims
  const account = findByAccessKey(state, String(iss))
  const pair = account?.kling.accessKeys.find((each) => each.accessKey === iss)
  if (!account || !pair) throw refused(1002, 'access key not exist')
  const signed = new TextEncoder().encode(`${head}.${claims}`)
  if (alg !== 'HS256' || !(await isSigned(pair.secretKey, signed, signature))) throw refused(1000)
  const seconds = state.now() / 1000
  // That both claims must be there is a [guess]; the documentation always sends them.
  if (typeof exp !== 'number' || exp <= seconds) throw refused(1004)
  if (typeof nbf === 'number' && nbf > seconds) throw refused(1003)
  return account
}

function readPart(part: string): object {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(fromBase64Url(part)))
    if (value !== null && typeof value === 'object') return value
  } catch {
    // Told below like any other unreadable token.
  }
  throw refused(1002, 'The token is not readable.')
}

async function isSigned(
  secretKey: string,
  signed: Uint8Array,
  signature: string
): Promise<boolean> {
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const raw = new TextEncoder().encode(secretKey)
  const key = await crypto.subtle.importKey('raw', raw, hmac, false, ['verify'])
  try {
    return await crypto.subtle.verify('HMAC', key, fromBase64Url(signature), signed)
  } catch {
    return false
  }
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(plain, (character) => character.charCodeAt(0))
}
