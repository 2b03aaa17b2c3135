/** Older calls about the account: its user, quota, brand voices and folders. Webhook endpoints are the gateway's own in every version. */
import type { LegacyCall } from '#providers/contract/provider.ts'
import {
  clamped,
  invalid,
  isTrue,
  orNull,
  present,
  segment,
  textOf,
  v1Plain,
  v2,
  type Row,
} from '#providers/heygen/legacy/shared/words.ts'

export const ACCOUNT: Readonly<Record<string, Row>> = {
  'GET /v1/user/me': { carry: showUser },
  'GET /v2/user/remaining_quota': { carry: showQuota },
  'GET /v1/brand_voice/list': { carry: listBrandVoices },
  'POST /v1/brand_voice/{brand_voice_id}': { carry: changeBrandVoice },
  'POST /v1/folders/create': { carry: makeFolder },
}

/** In a pool, the first account that answers, as for v3. */
async function showUser(call: LegacyCall): Promise<unknown> {
  const { body } = await call.ask({ method: 'GET', path: '/v3/users/me' })
  return v1Plain({
    username: orNull(body, '/data/username'),
    email: orNull(body, '/data/email'),
    first_name: orNull(body, '/data/first_name'),
    last_name: orNull(body, '/data/last_name'),
  })
}

/** The older quota is credits times 60. Clients mostly ask whether it is more than 0, so it is rounded up and never below 0. */
async function showQuota(call: LegacyCall): Promise<unknown> {
  const answers = await call.askEach({ method: 'GET', path: '/v3/users/me' })
  const quotas = answers.map(({ body }) => quotaOf(body))
  const sum = (isOfPlan: boolean) =>
    quotas.reduce((total, one) => total + (one.isOfPlan === isOfPlan ? one.units : 0), 0)
  const [api, plan] = [sum(false), sum(true)]
  call.lose('used_quota')
  if (quotas.some(({ isMoney }) => isMoney)) call.lose('unit')
  return v2({ remaining_quota: api + plan, details: { api, plan_credit: plan } })
}

const UNITS_A_CREDIT = 60
/** A dollar counts as a credit. HeyGen names no factor. */
const UNITS_A_DOLLAR = 60
/** For an account that pays by use and has no cap. */
const NO_CAP = 60_000_000

interface Quota {
  units: number
  isOfPlan?: boolean
  isMoney?: boolean
}

function quotaOf(body: unknown): { units: number; isOfPlan: boolean; isMoney: boolean } {
  const type = textOf(body, '/data/billing_type')
  const quota =
    type === 'subscription'
      ? ofSubscription(body)
      : type === 'usage_based'
        ? ofUse(body)
        : ofWallet(body)
  const units = Math.max(0, Math.ceil(quota.units))
  return { isOfPlan: false, isMoney: false, ...quota, units }
}

function ofSubscription(body: unknown): Quota {
  const at = (kind: string) =>
    numberAt(body, `/data/subscription/credits/${kind}_credits/remaining`) ?? 0
  return { units: (at('premium') + at('add_on')) * UNITS_A_CREDIT, isOfPlan: true }
}

function ofUse(body: unknown): Quota {
  const credits = numberAt(body, '/data/usage_based/remaining_credits')
  if (credits !== undefined) return { units: credits * UNITS_A_CREDIT }
  const cap = numberAt(body, '/data/usage_based/spending_cap_usd')
  if (cap === undefined) return { units: NO_CAP }
  const spent = numberAt(body, '/data/usage_based/spending_current_usd') ?? 0
  return { units: (cap - spent) * UNITS_A_DOLLAR, isMoney: true }
}

function ofWallet(body: unknown): Quota {
  const balance = numberAt(body, '/data/wallet/remaining_balance') ?? 0
  const isMoney = textOf(body, '/data/wallet/currency') !== 'credits'
  return { units: balance * (isMoney ? UNITS_A_DOLLAR : UNITS_A_CREDIT), isMoney }
}

/** Some answers write numbers as text. */
function numberAt(body: unknown, pointer: string): number | undefined {
  const value = orNull(body, pointer)
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/** Each row needs a read of its own, and an invocation may have few. */
const ROWS_WITH_WORDS = 40

/** v3 calls a brand voice a brand glossary. Its words are not in the list, so each is read. */
async function listBrandVoices(call: LegacyCall): Promise<unknown> {
  const { query } = call
  const isNameOnly = isTrue(query.get('name_only'))
  const limit = clamped(query.get('limit'), 1, 100) ?? 100
  const { body } = await call.ask({
    method: 'GET',
    path: '/v3/brand-glossaries',
    query: {
      limit: isNameOnly ? limit : Math.min(limit, ROWS_WITH_WORDS),
      token: query.get('token') ?? undefined,
    },
  })
  const rows = listAt(body, '/data')
  const list = await Promise.all(rows.map((row) => brandVoiceOf(call, row, isNameOnly)))
  call.lose('tone', 'tones', 'total')
  return v1Plain({ list, total: list.length, token: orNull(body, '/next_token') })
}

async function brandVoiceOf(
  call: LegacyCall,
  row: unknown,
  isNameOnly: boolean
): Promise<Record<string, unknown>> {
  const id = orNull(row, '/brand_glossary_id')
  const named = { id, name: orNull(row, '/name'), tones: [], tone: null }
  if (isNameOnly) return named
  const path = `/v3/brand-glossaries/${segment(call, 'id', id)}`
  const { body } = await call.ask({ method: 'GET', path })
  const pairs = (list: string, value: string) =>
    listAt(body, `/data/${list}`).map((one) => [orNull(one, '/term'), orNull(one, value)])
  return {
    ...named,
    vocabulary: pairs('terms', '/pronunciation'),
    blacklist: listAt(body, '/data/do_not_translate_terms').map(
      (one) => textOf(one, '/term') ?? one
    ),
    whitelist: pairs('forced_translations', '/translation'),
  }
}

async function changeBrandVoice(call: LegacyCall): Promise<unknown> {
  const { name, vocabulary, blacklist, whitelist, tone, tones } = call.body
  const id = segment(call, 'brand_voice_id', call.params['brand_voice_id'])
  const path = `/v3/brand-glossaries/${id}`
  const body = present({
    name,
    terms: pairsOf(call, 'vocabulary', vocabulary, 'pronunciation'),
    do_not_translate_terms: termsOf(call, blacklist),
    forced_translations: pairsOf(call, 'whitelist', whitelist, 'translation'),
  })
  if (tone !== undefined) call.lose('tone')
  if (tones !== undefined) call.lose('tones')
  // v3 has no tones. A call that sets nothing else changes nothing, but its id must exist.
  const isChange = Object.keys(body).length > 0
  const answer = await call.ask(
    isChange ? { method: 'PATCH', path, body } : { method: 'GET', path }
  )
  const shown = orNull(answer.body, '/data/brand_glossary_id') ?? call.params['brand_voice_id']
  return v1Plain({ id: shown })
}

/** `[[term, other]]` as v3 has it: `[{term, <other>}]`. */
function pairsOf(call: LegacyCall, field: string, list: unknown, other: string): unknown {
  if (list === undefined || list === null) return undefined
  if (!Array.isArray(list)) throw invalid(call, field, 'must be a list of pairs.')
  return list.map((pair: unknown) => {
    const [term, value] = Array.isArray(pair) ? (pair as unknown[]) : []
    if (typeof term !== 'string' || typeof value !== 'string') {
      throw invalid(call, field, 'must be a list of pairs of texts.')
    }
    return { term, [other]: value }
  })
}

function termsOf(call: LegacyCall, list: unknown): unknown {
  if (list === undefined || list === null) return undefined
  const isTexts = Array.isArray(list) && list.every((term) => typeof term === 'string')
  if (!isTexts) throw invalid(call, 'blacklist', 'must be a list of texts.')
  return list.map((term) => ({ term }))
}

function listAt(body: unknown, pointer: string): unknown[] {
  const list = orNull(body, pointer)
  return Array.isArray(list) ? list : []
}

const FOLDER_TYPES: readonly unknown[] = ['mixed', 'video', 'video_translate']

/** v3 has fewer kinds of folders, and one that takes everything. */
async function makeFolder(call: LegacyCall): Promise<unknown> {
  const { name, parent_id, project_type } = call.body
  if (typeof name !== 'string' || name === '') throw invalid(call, 'name', 'is required.')
  const isKnown = FOLDER_TYPES.includes(project_type)
  const isAsked = project_type !== undefined && project_type !== null && project_type !== ''
  if (isAsked && !isKnown) call.lose('project_type')
  const type = isAsked ? (isKnown ? project_type : 'mixed') : undefined
  const { body } = await call.ask({
    method: 'POST',
    path: '/v3/folders',
    body: present({ name, parent_id, type }),
  })
  return v1Plain({
    id: orNull(body, '/data/folder_id'),
    name: orNull(body, '/data/name'),
    parent_id: orNull(body, '/data/parent_id'),
    project_type: orNull(body, '/data/type'),
  })
}
