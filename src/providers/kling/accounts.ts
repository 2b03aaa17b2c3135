/** Kling accounts: reading a credential and proving it with what its packs cost (reference/kling.md 2.4), and views. */
import { parseJson } from '#domain/text/json-text.ts'
import * as z from 'zod'
import {
  hashedIdentity,
  SECURED,
  type Account,
  type AccountForm,
  type Credential,
  type Proof,
  type Session,
} from '#domain/accounts/account.ts'
import { textAt, valueAt, valuesAt } from '#domain/text/json-pointer.ts'
import type { ProviderAccounts, Upstream } from '#providers/contract/provider.ts'
import { authorize, originOf, REGIONS } from './accounts/credentials.ts'
import { logIn, USE_A_KEY } from './accounts/log-in.ts'
import { standingIn } from './answers.ts'

const TIMEOUT_MS = 15_000
const DAY_MS = 24 * 3_600_000
/** What packs cost may be asked once a second of an account, and both kinds of its keys are proved. */
const COSTS_EVERY_MS = 1100
const COSTS_ASKED_MAX = 3
const secret = z.string().min(1).max(1024).optional()
/** useapi.net's clients can send a key pair only in the place of the password. */
const PAIR = /^([\w-]{16,})\|([\w-]{16,})$/
/** Base64 that can be undone: with any other, no callback would ever be signed rightly. */
const WEBHOOK_SECRET =
  /^whsec_(?=.)(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/

type Form = Partial<
  Record<
    'email' | 'password' | 'apiKey' | 'accessKey' | 'secretKey' | 'region' | 'webhookSecret',
    string
  >
>
type Read = ReturnType<ProviderAccounts['readCredential']>

export const klingAccounts: ProviderAccounts = {
  fields: {
    password: secret,
    apiKey: secret,
    accessKey: secret,
    secretKey: secret,
    region: z.enum(REGIONS).optional(),
    webhookSecret: z
      .string()
      .regex(WEBHOOK_SECRET, 'must be the text that starts with whsec_, whole')
      .max(200)
      .optional(),
  },

  needsOneOf: ['apiKey', 'accessKey', 'password'],

  readCredential(form) {
    return withWebhookSecret(readKeys(form), (form as Form).webhookSecret)
  },

  /** Each kind is proved: a good key does not make up for a bad pair. */
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

  async standing(upstream, credential, session, part) {
    const parts = partsOf(credential)
    const asked = parts.find(({ kind }) => kind === part) ?? parts[0] ?? credential
    const { status, body } = await askPatiently(upstream, asked, session)
    const said = standingIn(status, body)
    return said.key === 'good' ? { ...said, spent: spentIn(packsIn(body)) } : said
  },

  /** One key in common is enough, of either kind. */
  isSame: ({ secrets: before }, { secrets: after }) =>
    (['apiKey', 'accessKey'] as const).some(
      (name) => after[name] !== undefined && after[name] === before[name]
    ),

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
    const [part] = partsOf(credential)
    const costs = await askCosts(upstream, part ?? credential, session, 365)
    if (costs.status !== 200 || textAt(costs.body, '/code') !== '0') return {}
    return { balance: balanceOf(packsIn(costs.body)) }
  },
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

/** What Kling signs callbacks with, made in its console. It proves nothing of the account. */
function withWebhookSecret(read: Read, webhookSecret: string | undefined): Read {
  if (!read.ok || webhookSecret === undefined) return read
  const { credential, field } = read
  const secrets = { ...credential.secrets, webhookSecret }
  return { ...read, credential: { ...credential, secrets }, field: `${field} webhookSecret` }
}

function wrong(message: string): Read {
  return { ok: false, message }
}

/** A key goes into a header, so it must fit into one. */
function keys(secrets: Record<string, string>, region: string | undefined, field?: string): Read {
  const names = Object.keys(secrets)
  const bad = names.find((name) => !/^[\x21-\x7e]+$/.test(secrets[name] ?? ''))
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

/** The credential once for each kind that is in it. */
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

interface Costs {
  /** 0: it could not be reached. */
  status: number
  body: unknown
}

async function askPatiently(
  upstream: Upstream,
  credential: Credential,
  session: Session | undefined
): Promise<Costs> {
  for (let asked = 1; ; asked += 1) {
    const costs = await askCosts(upstream, credential, session, 30)
    if (textAt(costs.body, '/code') !== '1302' || asked === COSTS_ASKED_MAX) return costs
    await upstream.pause(COSTS_EVERY_MS)
  }
}

async function askCosts(
  upstream: Upstream,
  credential: Credential,
  session: Session | undefined,
  days: number
): Promise<Costs> {
  const { settings } = upstream
  const now = upstream.now()
  const path = `/account/costs?start_time=${now - days * DAY_MS}&end_time=${now}`
  const headers = new Headers({ accept: 'application/json' })
  await authorize(headers, credential, session, { path, now, settings })
  const call = { method: 'GET', path, headers: Object.fromEntries(headers), timeoutMs: TIMEOUT_MS }
  try {
    const { status, text } = await upstream.send(originOf(settings, credential), call)
    return { status, body: parseJson(text) }
  } catch {
    return { status: 0, body: undefined }
  }
}

/** What is not about the credential (a 5xx, too many questions) never counts against it. */
function refusalOf(costs: Costs, whole: Credential, part: Credential): Proof | undefined {
  const { status, body } = costs
  if (status === 200 && textAt(body, '/code') === '0') return undefined
  if (status === 401 && whole.kind === 'password') {
    const message = `Kling's API refuses the web session of this account. ${USE_A_KEY}`
    return { ok: false, reason: 'refused', message }
  }
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
  const what = status === 0 ? 'could not be reached' : `answered ${status}`
  return { ok: false, reason: 'unreachable', message: `Kling ${what}; nothing was changed` }
}

/** Kling names no account: the access key stands for it, else the hash of the key. */
async function identityOf(credential: Credential): Promise<string> {
  const { accessKey, apiKey, email } = credential.secrets
  return accessKey ?? hashedIdentity(apiKey ?? `email:${email?.toLowerCase()}`)
}

/** Members and order of seed 004. */
function sessionView({ email, session }: Account): Record<string, unknown> {
  if (!session) return { userId: email }
  return {
    userId: session.view['userId'] ?? email,
    ExpireTime: session.expiresAt,
    ExpireTimeUTC: new Date(session.expiresAt).toISOString(),
  }
}

function packsIn(body: unknown): unknown[] {
  return valuesAt(body, '/data/resource_pack_subscribe_infos/*')
}

const METERS = { video: /video/i, image: /image/i, try_on: /try-?on/i }

/**
 * What no pack pays for any more. Which kind of jobs a pack pays is told by its name alone; one that does not tell may pay for
 * all. What is left may be twelve hours old, so a pack that seems to have units proves little, one without is empty.
 */
function spentIn(packs: unknown[]): string[] {
  const filled = packs.filter(
    (pack) =>
      textAt(pack, '/status') === 'online' && Number(valueAt(pack, '/remaining_quantity') ?? 0) > 0
  )
  const names = filled.map((pack) => textAt(pack, '/resource_pack_name') ?? '')
  const all = Object.values(METERS)
  const pays = (meter: RegExp) =>
    names.some((name) => meter.test(name) || !all.some((one) => one.test(name)))
  const spent = Object.entries(METERS).flatMap(([name, meter]) =>
    pays(meter) ? [] : [`meter:${name}`]
  )
  return filled.length === 0 ? ['jobs', ...spent] : spent
}

/** useapi.net's members (reference/useapi.md 2.1), filled with packs; what is left of them is up to 12 h old. */
function balanceOf(packs: unknown[]) {
  const points = packs.map((pack) => ({
    orderId: valueAt(pack, '/resource_pack_id') ?? null,
    type: valueAt(pack, '/resource_pack_name') ?? null,
    amount: valueAt(pack, '/total_quantity') ?? null,
    balance: valueAt(pack, '/remaining_quantity') ?? null,
    startTime: valueAt(pack, '/effective_time') ?? null,
    endTime: valueAt(pack, '/invalid_time') ?? null,
  }))
  const left = packs
    .filter((pack) => textAt(pack, '/status') === 'online')
    .map((pack) => Number(valueAt(pack, '/remaining_quantity') ?? 0))
  const total = Number(left.reduce((sum, one) => sum + one, 0).toFixed(6))
  return { points, tickets: [], nextApplyTime: null, total }
}
