/** Kling accounts: a credential is an API key, a key pair, both, or the email and password of the website. */
import * as z from 'zod/mini'
import {
  SECURED,
  type Account,
  type AccountForm,
  type Credential,
  type Proof,
  type Session,
} from '#domain/accounts/account.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import type { ProviderAccounts, Upstream } from '#providers/contract/provider.ts'
import type { JsonAnswer } from '#providers/shared/ask-json.ts'
import {
  fitsInHeader,
  identityOfSecrets,
  isSameBy,
  sessionRefused,
  unreachable,
} from '#providers/shared/credentials.ts'
import { askCosts, askPatiently, balanceOf, packsIn, spentIn } from './accounts/costs.ts'
import { authorize, missingFor, needsApiKey } from './accounts/credentials.ts'
import { logIn, USE_A_KEY } from './accounts/log-in.ts'
import { REGIONS } from './accounts/regions.ts'
import { standingIn } from './accounts/standing.ts'

/** The most jobs at once that a Kling account may have. */
const MAX_JOBS = 50
const secret = z.optional(z.string().check(z.minLength(1), z.maxLength(1024)))
/** The form of a key pair in the password field, since useapi.net's clients have no other field for it. */
const PAIR = /^([\w-]{16,})\|([\w-]{16,})$/
/** The secret must be complete base64. With any other text, no callback would pass the check of its signature. */
const WEBHOOK_SECRET =
  /^whsec_(?=.)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

type Form = Partial<
  Record<
    'email' | 'password' | 'apiKey' | 'accessKey' | 'secretKey' | 'region' | 'webhookSecret',
    string
  >
>
type Read = ReturnType<ProviderAccounts['readCredential']>

export const accounts: ProviderAccounts = {
  maxJobsLimit: () => MAX_JOBS,

  authorize,
  missingFor: (account, path) => missingFor(account.credentialKind, path),
  credentialKindFor: (path) => (needsApiKey(path) ? 'apiKey' : 'accessKey'),

  /** Kling's codes (reference/kling.md section 4). For a lifetime that is too long it has no code of its own. */
  signedTokens: { early: 1003, expired: 1004, long: 1002 },

  fields: {
    password: secret,
    apiKey: secret,
    accessKey: secret,
    secretKey: secret,
    region: z.optional(z.enum(REGIONS)),
    webhookSecret: z.optional(
      z
        .string()
        .check(
          z.regex(WEBHOOK_SECRET, 'must be the text that starts with whsec_, whole'),
          z.maxLength(200)
        )
    ),
  },

  needsOneOf: ['apiKey', 'accessKey', 'password'],

  readCredential(form) {
    return withWebhookSecret(readKeys(form), (form as Form).webhookSecret)
  },

  /** Checks each kind of credential by itself. A good API key does not make up for a bad key pair. */
  async prove(upstream, credential, session) {
    const proofs = []
    for (const part of partsOf(credential)) {
      const costs = await askPatiently(upstream, part, session)
      const refusal = refusalOf(costs, credential, part)
      if (refusal) return refusal
      proofs.push(packsIn(costs.body).map((pack) => textAt(pack, '/resource_pack_id')))
    }
    const [pair, key] = proofs
    if (pair?.length && key?.length && !pair.some((id) => key.includes(id))) {
      const message = 'The API key and the key pair belong to different accounts'
      return { ok: false, reason: 'refused', message }
    }
    return { ok: true, identity: await identityOf(credential) }
  },

  async standing(upstream, credential, session, wanted) {
    const parts = partsOf(credential)
    const asked = parts.find(({ kind }) => kind === wanted) ?? parts[0] ?? credential
    const { status, body } = await askPatiently(upstream, asked, session)
    const said = standingIn(status, body)
    return said.key === 'good' ? { ...said, spent: spentIn(packsIn(body)) } : said
  },

  isSame: isSameBy(['apiKey', 'accessKey']),

  logIn,

  toView(account: Account) {
    const { email, maxJobs, region, secretField } = account
    return {
      email,
      session: sessionView(account),
      maxJobs,
      ...Object.fromEntries(secretField.split(' ').map((field) => [field, SECURED])),
      ...(region === undefined ? {} : { region }),
    }
  },

  async details(upstream, credential, session) {
    const balance = await readBalance(upstream, credential, session)
    return balance ? { balance } : {}
  },

  lowBalance: { units: 100 },

  async balance(upstream, credential, session) {
    const balance = await readBalance(upstream, credential, session)
    return balance && { amount: balance.total, unit: 'units' }
  },
}

async function readBalance(
  upstream: Upstream,
  credential: Credential,
  session: Session | undefined
): Promise<ReturnType<typeof balanceOf> | undefined> {
  const [part] = partsOf(credential)
  const costs = await askCosts(upstream, part ?? credential, session, 365)
  if (costs.status !== 200 || textAt(costs.body, '/code') !== '0') return undefined
  return balanceOf(packsIn(costs.body))
}

function readKeys(form: AccountForm): Read {
  const { email, password, apiKey, accessKey, secretKey, region } = form as Form
  if (password !== undefined && (apiKey ?? accessKey ?? secretKey) !== undefined) {
    return wrong('Give either password or keys, not both')
  }
  const [, pairKey, pairSecret] = PAIR.exec(password ?? '') ?? []
  if (pairKey && pairSecret) {
    return keys({ accessKey: pairKey, secretKey: pairSecret }, region, 'password')
  }
  if (password !== undefined) {
    if (!email) return wrong('email is required')
    const credential = { kind: 'password', secrets: { email, password } }
    return { ok: true, credential: withRegion(credential, region), field: 'password' }
  }
  if (accessKey !== undefined && secretKey === undefined) return wrong('secretKey is required')
  if (secretKey !== undefined && accessKey === undefined) return wrong('accessKey is required')
  if (apiKey === undefined && accessKey === undefined) {
    return wrong('password is required (or apiKey, or accessKey and secretKey)')
  }
  return keys(
    {
      ...(accessKey === undefined || secretKey === undefined ? {} : { accessKey, secretKey }),
      ...(apiKey === undefined ? {} : { apiKey }),
    },
    region
  )
}

/** Adds the secret from Kling's console that signs callbacks. It proves nothing about the account. */
function withWebhookSecret(read: Read, webhookSecret: string | undefined): Read {
  if (!read.ok || webhookSecret === undefined) return read
  const { credential, field } = read
  const secrets = { ...credential.secrets, webhookSecret }
  return { ...read, credential: { ...credential, secrets }, field: `${field} webhookSecret` }
}

function wrong(message: string): Read {
  return { ok: false, message }
}

function keys(secrets: Record<string, string>, region: string | undefined, field?: string): Read {
  const names = Object.keys(secrets)
  const bad = names.find((name) => !fitsInHeader(secrets[name] ?? ''))
  if (bad !== undefined) return wrong(`${bad} has characters that no key has`)
  const kind = names.filter((name) => name !== 'secretKey').join(' ')
  return {
    ok: true,
    credential: withRegion({ kind, secrets }, region),
    field: field ?? names.join(' '),
  }
}

function withRegion(credential: Credential, region: string | undefined): Credential {
  return region === undefined ? credential : { ...credential, region }
}

/** One credential for each kind of key in this one. */
function partsOf(credential: Credential): Credential[] {
  const { apiKey, accessKey, secretKey } = credential.secrets
  if (apiKey === undefined || accessKey === undefined || secretKey === undefined) {
    return [credential]
  }
  return [
    { ...credential, kind: 'accessKey', secrets: { accessKey, secretKey } },
    { ...credential, kind: 'apiKey', secrets: { apiKey } },
  ]
}

/** The proof of a failed check. A 5xx or a rate limit never counts against the credential. */
function refusalOf(costs: JsonAnswer, whole: Credential, part: Credential): Proof | undefined {
  const { status, body } = costs
  if (status === 200 && textAt(body, '/code') === '0') return undefined
  if (status === 401 && whole.kind === 'password') return sessionRefused('Kling', USE_A_KEY)
  if (status === 401) {
    const message =
      part.kind === 'apiKey'
        ? 'Kling refuses apiKey (401). Check that it is copied whole and not revoked.'
        : 'Kling refuses accessKey and secretKey (401). Check that both are copied whole, belong together and are not revoked.'
    return { ok: false, reason: 'refused', message }
  }
  if (textAt(body, '/code') === '1304') {
    const message = "Kling's IP allow list of this account does not have this gateway"
    return { ok: false, reason: 'refused', message }
  }
  return unreachable('Kling', status)
}

/** Kling shows no id of an account. So the identity is the access key, else the hash of the API key. */
async function identityOf(credential: Credential): Promise<string> {
  return credential.secrets['accessKey'] ?? identityOfSecrets(credential)
}

/** The members, and their order, are those of useapi.net's documented answer (seed 004). */
function sessionView({ email, session }: Account): Record<string, unknown> {
  if (!session) return { userId: email }
  return {
    userId: session.view['userId'] ?? email,
    ExpireTime: session.expiresAt,
    ExpireTimeUTC: new Date(session.expiresAt).toISOString(),
  }
}
