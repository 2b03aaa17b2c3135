/**
 * Re-seals with the first master key what a desk or the registrar keeps sealed, a bounded number of records at a time. A record
 * is written only if it did not change since it was read. A desk also asks its accounts' objects to do the same. A second pass
 * writes nothing.
 */
import { alertSecretIdentity, OPERATOR } from '#domain/alerts/alert.ts'
import { sealIdentity } from '#domain/accounts/account.ts'
import { secretIdentity, tokenSecretName } from '#domain/events/endpoint.ts'
import type { KeyRecord } from '#domain/creations/idempotency.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { nothingFound, addUp, withSealed, type ResealStep } from '#domain/access/reseal.ts'
import { pairSealName } from '#domain/access/token.ts'
import { limitConcurrency, OBJECTS_AT_ONCE } from '#flows/upstream/limit-concurrency.ts'
import { Resealer } from '#flows/access/reseal-text.ts'
import { signInIdentity } from '#flows/accounts/sign-in.ts'
import type { AlertBook } from '#durable/alerts/alert-book.ts'
import type { SignInRows } from '#durable/sign-ins/sign-in-rows.ts'
import type { DeskTables } from '#durable/desk-tables/desk-tables.ts'
import type { KeyPlace } from '#durable/desk-tables/key-rows.ts'
import type { DeskLine } from '#durable/line/desk-line.ts'
import type { TargetPushes } from '#durable/targets/target-pushes.ts'
import type { KvCopies } from './kv-copies.ts'

/** Each re-sealed token costs one KV write. */
const TOKENS_AT_ONCE = 50
/** What `after` of the registrar's share begins with once all tokens are done. No token's id begins so. */
const ALERTS = 'alerts '
/** Each account costs one request to its object. */
const OBJECTS_IN_A_STEP = 20
/** One kept answer may have 64 KB. */
const ANSWERS_AT_ONCE = 25
const ANSWERS_IN_A_STEP = 200
/** Comes before every alert. */
const FIRST = { owner: '', id: '' }

export interface ResealingDeps {
  ports(): Ports
  /** The object's own name: `<provider>:<tenant>`. */
  name: string
  kv: KvCopies
  targets: TargetPushes
  line: DeskLine
}

/** The stages of a desk, in order. */
type Stage = 'accounts' | 'former' | 'secrets' | 'answers' | 'signIns' | 'queued'
const STAGES: readonly Stage[] = ['accounts', 'former', 'secrets', 'answers', 'signIns', 'queued']

interface Share {
  /** The result of the objects that were asked. */
  step?: ResealStep
  /** The place at which the stage goes on. Absent: the stage is over. */
  after?: string
}

export class DeskResealing {
  readonly #tables: DeskTables
  readonly #signIns: SignInRows
  readonly #alerts: AlertBook
  readonly #deps: ResealingDeps

  constructor(tables: DeskTables, signIns: SignInRows, alerts: AlertBook, deps: ResealingDeps) {
    this.#tables = tables
    this.#signIns = signIns
    this.#alerts = alerts
    this.#deps = deps
  }

  /** The registrar's share: the key pairs of tokens, then the secrets of alerts. */
  async tokens(key: string, after = ''): Promise<ResealStep> {
    const { vault } = this.#deps.ports()
    if (vault.firstKey !== key) return { ...nothingFound(), behind: 1 }
    const resealer = new Resealer(vault)
    if (after.startsWith(ALERTS)) return this.#alertSecrets(resealer, after.slice(ALERTS.length))
    const tokens = this.#tables.tokens.after(after, TOKENS_AT_ONCE)
    for (const { id, tenant, secretKey } of tokens) {
      const holder = { tenant, name: id }
      const text = await resealer.text('tokenPairs', pairSealName(id), secretKey, holder)
      if (text !== undefined && secretKey !== undefined)
        this.#tables.tokens.replaceSecretKey(id, secretKey, text)
    }
    await this.#deps.kv.write()
    const isLast = tokens.length < TOKENS_AT_ONCE
    const hasAlerts = this.#alerts.after(FIRST, 1).length > 0
    const rest = hasAlerts ? `${ALERTS}${JSON.stringify(FIRST)}` : undefined
    return this.#ended(resealer, isLast ? rest : tokens.at(-1)?.id)
  }

  async #alertSecrets(resealer: Resealer, place: string): Promise<ResealStep> {
    const alerts = this.#alerts.after(JSON.parse(place) as typeof FIRST, TOKENS_AT_ONCE)
    for (const { owner, id, secret } of alerts) {
      const holder = owner === OPERATOR ? { name: id } : { tenant: owner, name: id }
      const text = await resealer.text(
        'alertSecrets',
        alertSecretIdentity(owner, id),
        secret,
        holder
      )
      const current = this.#alerts.list(owner).find((one) => one.id === id)
      if (text !== undefined && current?.secret === secret)
        this.#alerts.save({ ...current, secret: text })
    }
    const last = alerts.length < TOKENS_AT_ONCE ? undefined : alerts.at(-1)
    const next = last && `${ALERTS}${JSON.stringify({ owner: last.owner, id: last.id })}`
    return this.#ended(resealer, next)
  }

  async desk(key: string, from?: string): Promise<ResealStep> {
    const ports = this.#deps.ports()
    if (ports.vault.firstKey !== key) return { ...nothingFound(), behind: 1 }
    const resealer = new Resealer(ports.vault)
    const [first, within] = JSON.parse(from ?? '["accounts",""]') as [Stage, string]
    let objects = nothingFound()
    for (const stage of STAGES.slice(STAGES.indexOf(first))) {
      const { step, after } = await this.#share(stage, key, resealer, stage === first ? within : '')
      if (step) objects = addUp(objects, step)
      if (after !== undefined) return this.#ended(resealer, JSON.stringify([stage, after]), objects)
    }
    return this.#ended(resealer, undefined, objects)
  }

  #share(stage: Stage, key: string, resealer: Resealer, after: string): Promise<Share> {
    if (stage === 'accounts') return this.#accounts(key, resealer, after)
    if (stage === 'former') return this.#former(key, after)
    if (stage === 'secrets') return this.#secrets(resealer)
    if (stage === 'signIns') return this.#openSignIns(resealer)
    if (stage === 'queued') return this.#deps.line.reseal(resealer, after)
    return this.#answers(resealer, after)
  }

  #ended(resealer: Resealer, next: string | undefined, objects = nothingFound()): ResealStep {
    // Accounts' objects have copies of the secrets that sign deliveries.
    const copies = this.#tables.staleCopies().length + this.#deps.targets.unconfirmed
    const whole = { ...addUp(resealer.step, objects), copies }
    return next === undefined ? whole : { ...whole, next }
  }

  async #accounts(key: string, resealer: Resealer, after: string): Promise<Share> {
    const all = this.#tables.accounts
      .snapshot()
      .accounts.map((one) => ({ one, at: one.email.toLowerCase() }))
    const left = all.filter(({ at }) => at > after).toSorted((a, b) => (a.at < b.at ? -1 : 1))
    const share = left.slice(0, OBJECTS_IN_A_STEP)
    let isChanged = false
    for (const { one: account } of share) {
      const identity = sealIdentity(account)
      const holder = { tenant: account.tenant, name: account.email }
      const credential = await resealer.text('credentials', identity, account.credential, holder)
      const session = await resealer.text('sessions', identity, account.session?.sealed, holder)
      const current = this.#tables.accounts.find(account.email)
      const changed = current && withSealed(current, account, { credential, session })
      if (changed) this.#tables.accounts.save(changed)
      isChanged ||= changed !== undefined
    }
    if (isChanged) await this.#deps.kv.write()
    const step = await this.#objects(
      key,
      share.map(({ one }) => one.key)
    )
    const last = left.length > share.length ? share.at(-1)?.at : undefined
    return { step, ...(last === undefined ? {} : { after: last }) }
  }

  /** A removed account's object keeps the credential for two days at most. */
  async #former(key: string, after: string): Promise<Share> {
    const { now, durations } = this.#deps.ports()
    const left = this.#tables.accounts
      .formerKeys(now() - durations.keepEndedMs)
      .filter((one) => one > after)
      .toSorted()
    const share = left.slice(0, OBJECTS_IN_A_STEP)
    const step = await this.#objects(key, share)
    const last = left.length > share.length ? share.at(-1) : undefined
    return { step, ...(last === undefined ? {} : { after: last }) }
  }

  async #objects(key: string, keys: string[]): Promise<ResealStep> {
    const ports = this.#deps.ports()
    const steps = await limitConcurrency(keys, OBJECTS_AT_ONCE, (one) =>
      ports.slots(one).reseal(key)
    )
    return steps.reduce(addUp, nothingFound())
  }

  async #secrets(resealer: Resealer): Promise<Share> {
    const { provider, tenant } = this.#nameParts()
    for (const { id, secret } of this.#tables.endpoints.endpoints()) {
      const identity = secretIdentity(provider, tenant, id)
      const text = await resealer.text('endpointSecrets', identity, secret, { tenant, name: id })
      const current = this.#tables.endpoints.find(id)
      if (text !== undefined && current?.secret === secret)
        this.#tables.endpoints.saveEndpoint({ ...current, secret: text })
    }
    const before = this.#tables.endpoints.callbackSecret()
    const identity = secretIdentity(provider, tenant, 'callback')
    const seal = (sealed: string | undefined) =>
      resealer.text('callbackSecrets', identity, sealed, { tenant })
    const [secret, previous] = [await seal(before?.current), await seal(before?.previous)]
    const current = this.#tables.endpoints.callbackSecret()
    const isSame = current?.current === before?.current
    if (current && isSame && (secret ?? previous) !== undefined) {
      this.#tables.endpoints.saveCallbackSecret({
        ...current,
        ...(secret === undefined ? {} : { current: secret }),
        ...(previous === undefined ? {} : { previous }),
      })
    }
    await this.#tokenSecrets(resealer)
    await this.#deps.targets.push()
    return {}
  }

  async #tokenSecrets(resealer: Resealer): Promise<void> {
    const { provider, tenant } = this.#nameParts()
    for (const [token, before] of Object.entries(this.#tables.endpoints.tokenSecrets())) {
      const identity = secretIdentity(provider, tenant, tokenSecretName(token))
      const seal = (sealed: string | undefined) =>
        resealer.text('callbackSecrets', identity, sealed, { tenant, name: token })
      const [secret, previous] = [await seal(before.current), await seal(before.previous)]
      const now = this.#tables.endpoints.tokenSecrets()[token]
      if (now?.current !== before.current || (secret ?? previous) === undefined) continue
      this.#tables.endpoints.saveTokenSecret(token, {
        ...now,
        ...(secret === undefined ? {} : { current: secret }),
        ...(previous === undefined ? {} : { previous }),
      })
    }
  }

  /** A tenant has at most five that are not over. */
  async #openSignIns(resealer: Resealer): Promise<Share> {
    const { provider, tenant } = this.#nameParts()
    for (const { id, sealed } of this.#signIns.open()) {
      const identity = signInIdentity(provider, tenant, id)
      const text = await resealer.text('signIns', identity, sealed, { tenant, name: id })
      const current = this.#signIns.find(id)
      if (current && text !== undefined && current.sealed === sealed)
        this.#signIns.save({ ...current, sealed: text })
    }
    return {}
  }

  async #answers(resealer: Resealer, from: string): Promise<Share> {
    const { provider, tenant } = this.#nameParts()
    const identity = `idempotency/${provider}/${tenant}`
    let after = from === '' ? undefined : (JSON.parse(from) as KeyPlace)
    for (let seen = 0; seen < ANSWERS_IN_A_STEP; seen += ANSWERS_AT_ONCE) {
      const rows = this.#tables.keys.answersAfter(after, ANSWERS_AT_ONCE)
      for (const row of rows) {
        const record = JSON.parse(row.text) as KeyRecord
        const { answer } = record
        const body = await resealer.text('keptAnswers', identity, answer?.body, { tenant })
        if (answer && body !== undefined)
          this.#tables.keys.replace(row, { ...record, answer: { ...answer, body } })
      }
      after = rows.at(-1)?.at
      if (after === undefined) return {}
    }
    return { after: JSON.stringify(after) }
  }

  #nameParts(): { provider: string; tenant: string } {
    const [provider = '', tenant = ''] = this.#deps.name.split(':')
    return { provider, tenant }
  }
}
