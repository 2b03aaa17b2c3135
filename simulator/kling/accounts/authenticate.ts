/** Who calls: the owner of an API key, or of the SecretKey that signed the token. Signatures are verified. */
import type { State } from '../../state/state.ts'
import type { KlingAccount } from '../../state/types.ts'
import { fromBase64Url, isSignatureOf, toBytes } from '../../text/bytes.ts'
import { refused } from '../answers/errors.ts'
import type { Row } from '../catalogue/catalogue.ts'
import { findByAccessKey, findByApiKey } from './accounts.ts'

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
  // A credential belongs to one region. That the other region answers like this is a [guess].
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
  const signed = `${head}.${claims}`
  if (alg !== 'HS256' || !(await isSigned(pair.secretKey, signed, signature))) throw refused(1000)
  const seconds = state.now() / 1000
  // That `exp` must be there is a [guess]: the documentation always sends both claims.
  if (typeof exp !== 'number' || exp <= seconds) throw refused(1004)
  if (typeof nbf === 'number' && nbf > seconds) throw refused(1003)
  return account
}

function readPart(part: string): object {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(fromBase64Url(part)))
    if (value !== null && typeof value === 'object') return value
  } catch {
    // Refused below.
  }
  throw refused(1002, 'The token is not readable.')
}

async function isSigned(secretKey: string, text: string, signature: string): Promise<boolean> {
  try {
    return await isSignatureOf(fromBase64Url(signature), toBytes(secretKey), text)
  } catch {
    return false
  }
}
