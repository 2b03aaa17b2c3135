/**
 * Adds what an export has and this gateway has not. Every secret is sealed anew, because a tenant may have another id here. Safe to
 * repeat: what is here is skipped, with the reason.
 */
import { alertSecretIdentity, OPERATOR, type Alert } from '#domain/alerts/alert.ts'
import type { Actor } from '#domain/access/audit.ts'
import { CannotOpen, isSealedForm } from '#domain/access/sealed-text.ts'
import { tenantNameOf } from '#domain/access/tenant.ts'
import { pairSealName, type TokenRecord } from '#domain/access/token.ts'
import { sealIdentity, type Account } from '#domain/accounts/account.ts'
import {
  addUpImports,
  ALREADY_HERE,
  count,
  EXPORT_IDENTITY,
  EXPORT_VERSION,
  type DeskRows,
  type Exported,
  type ExportedTenant,
  type Imported,
  type ImportedKind,
  type Skipped,
} from '#domain/backup/exported.ts'
import { secretIdentity } from '#domain/events/endpoint.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { AddedRoute } from '#domain/routing/added-route.ts'
import { AppError } from '#domain/runtime/errors.ts'

const CANNOT_OPEN = 'Its secret does not open with the MASTER_KEYS of this gateway.'

export interface ImportSetting {
  providers: readonly string[]
  /** Where webhooks of the imported accounts will be registered. */
  publicOrigin: string
  /** Why an added route cannot be used here. Undefined: it can. */
  refusalOf(route: AddedRoute): string | undefined
  by: Actor
}

/** Throws AppError if the text is not an export that these master keys open. Nothing has changed then. */
export async function openExport({ vault }: Ports, text: string): Promise<Exported> {
  const sealed = text.trim()
  if (!isSealedForm(sealed))
    throw new AppError('bad_request', 'The body is not an export: GET /admin/export makes one.')
  try {
    const exported = JSON.parse(await vault.open(EXPORT_IDENTITY, sealed)) as Exported
    if (exported.version === EXPORT_VERSION) return exported
  } catch (error) {
    if (error instanceof CannotOpen) throw cannotOpen(error)
    throw error
  }
  throw new AppError('bad_request', 'A newer gateway made this export. Upgrade this one first.')
}

function cannotOpen({ keyId, isKnownKey }: CannotOpen): AppError {
  const why = isKnownKey
    ? `It is damaged, or another key was named ${keyId} where it was made.`
    : `It was sealed with the master key ${keyId}, which is not in MASTER_KEYS here. Add that key behind the first one.`
  return new AppError('bad_request', `The export cannot be opened. ${why}`)
}

export async function runImport(
  ports: Ports,
  exported: Exported,
  setting: ImportSetting
): Promise<Imported> {
  const routes = await importRoutes(ports, exported.routes, setting)
  // Alerts come before accounts, so that a desk knows whether somebody watches balances.
  let sum = addUpImports(routes, await importAlerts(ports, exported.alerts, OPERATOR, setting))
  for (const one of exported.tenants)
    sum = addUpImports(sum, await importTenant(ports, one, setting))
  return sum
}

async function importRoutes(
  { registrar }: Ports,
  routes: readonly AddedRoute[],
  { refusalOf, by }: ImportSetting
): Promise<Imported> {
  const imported: Imported = { added: {}, skipped: [] }
  const known = new Set((await registrar.listRoutes()).map(({ id }) => id))
  for (const route of routes) {
    const why = known.has(route.id)
      ? ALREADY_HERE
      : (refusalOf(route) ?? SAID[await registrar.addRoute(route, by)])
    if (why === undefined) count(imported, 'routes')
    else imported.skipped.push({ what: 'routes', name: route.id, why })
  }
  return imported
}

async function importAlerts(
  ports: Ports,
  alerts: readonly Alert[],
  owner: string,
  { by }: ImportSetting
): Promise<Imported> {
  const imported: Imported = { added: {}, skipped: [] }
  const known = new Set((await ports.registrar.listAlerts(owner)).map(({ id }) => id))
  for (const alert of alerts) {
    const why = known.has(alert.id) ? ALREADY_HERE : await addAlert(ports, alert, owner, by)
    if (why === undefined) count(imported, 'alerts')
    else imported.skipped.push({ what: 'alerts', name: alert.id, why })
  }
  return imported
}

/** Why it was skipped. */
async function addAlert(
  ports: Ports,
  alert: Alert,
  owner: string,
  by: Actor
): Promise<string | undefined> {
  const { id } = alert
  const identity = alertSecretIdentity(alert.owner, id)
  const secret = await move(ports, alert.secret, identity, alertSecretIdentity(owner, id))
  if (secret === undefined) return CANNOT_OPEN
  const added = await ports.registrar.addAlert({ ...alert, owner, secret }, by)
  return added === 'added' ? undefined : 'There are too many alerts here.'
}

const SAID = {
  added: undefined,
  taken: 'Another added route here answers its path.',
  full: 'There are too many added routes here.',
}

async function importTenant(
  ports: Ports,
  { tenant, tokens, alerts, desks }: ExportedTenant,
  setting: ImportSetting
): Promise<Imported> {
  const name = tenantNameOf(tenant.id)
  const skip = (what: ImportedKind, named: string): Skipped => ({
    what,
    tenant: name,
    name: named,
    why: CANNOT_OPEN,
  })
  const openable = await sort(tokens, (token) => withOwnPair(ports, token))
  const hasPast = await hasOldDesks(ports, setting.providers, name)
  const answer = await ports.registrar.importTenant(tenant, openable.good, hasPast, setting.by)
  const { id, ...rest } = answer
  let sum: Imported = {
    ...rest,
    skipped: [
      ...rest.skipped.map((one) => ({ ...one, tenant: name })),
      ...openable.bad.map((token) => skip('tokens', token.id)),
    ],
  }
  if (id === undefined) return sum
  const heard = await importAlerts(ports, alerts, id, setting)
  sum = addUpImports(sum, {
    ...heard,
    skipped: heard.skipped.map((one) => ({ ...one, tenant: name })),
  })
  for (const [provider, rows] of Object.entries(desks)) {
    const sealed = await resealRows(ports, rows, { provider, from: tenant.id, to: id })
    const named = sealed.unopened.map(({ what, name: of }) => ({ ...skip(what, of), provider }))
    sum = addUpImports(sum, { added: {}, skipped: named })
    const accounts = sealed.rows.accounts.map((account) => ({
      ...account,
      publicOrigin: setting.publicOrigin,
      isImported: true,
    }))
    const desk = ports.desk(id, provider)
    const taken = await desk.importRows({ ...sealed.rows, accounts }, setting.by)
    const skipped = taken.skipped.map((one) => ({ ...one, tenant: name, provider }))
    sum = addUpImports(sum, { ...taken, skipped })
    await ports.accounts.fresh(id, provider)
  }
  return sum
}

/** As when a token is made: a first release kept no names of removed tenants, but their desks had accounts. */
async function hasOldDesks(
  ports: Ports,
  providers: readonly string[],
  name: string
): Promise<boolean> {
  if (await ports.registrar.findTenant(name, true)) return false
  const snapshots = await Promise.all(providers.map((one) => ports.desk(name, one).snapshot()))
  return snapshots.some(({ version }) => version > 0)
}

async function sort<T>(
  all: readonly T[],
  reseal: (one: T) => Promise<T | undefined>
): Promise<{ good: T[]; bad: T[] }> {
  const sorted: { good: T[]; bad: T[] } = { good: [], bad: [] }
  for (const one of all) {
    const resealed = await reseal(one)
    if (resealed) sorted.good.push(resealed)
    else sorted.bad.push(one)
  }
  return sorted
}

/** Seals a text for another record. Undefined: no key opens it. */
async function move(
  { vault }: Ports,
  sealed: string,
  from: string,
  to = from
): Promise<string | undefined> {
  try {
    return await vault.seal(to, await vault.open(from, sealed))
  } catch (error) {
    if (error instanceof CannotOpen) return undefined
    throw error
  }
}

async function withOwnPair(ports: Ports, token: TokenRecord): Promise<TokenRecord | undefined> {
  if (token.secretKey === undefined) return token
  const secretKey = await move(ports, token.secretKey, pairSealName(token.id))
  return secretKey === undefined ? undefined : { ...token, secretKey }
}

interface Moved {
  rows: DeskRows
  unopened: { what: ImportedKind; name: string }[]
}

async function resealRows(
  ports: Ports,
  rows: DeskRows,
  { provider, from, to }: { provider: string; from: string; to: string }
): Promise<Moved> {
  const secretOf = (what: string, sealed: string) =>
    move(ports, sealed, secretIdentity(provider, from, what), secretIdentity(provider, to, what))
  const accounts = await sort(rows.accounts, (account) => moveAccount(ports, account, to))
  const endpoints = await sort(rows.endpoints, async (endpoint) => {
    const secret = await secretOf(endpoint.id, endpoint.secret)
    return secret === undefined ? undefined : { ...endpoint, secret }
  })
  const unopened: Moved['unopened'] = []
  for (const { email } of accounts.bad) unopened.push({ what: 'accounts', name: email })
  for (const { id } of endpoints.bad) unopened.push({ what: 'endpoints', name: id })
  const { callbackSecret, settings } = rows
  const moved: DeskRows = {
    accounts: accounts.good,
    endpoints: endpoints.good,
    ...(settings === undefined ? {} : { settings }),
  }
  if (!callbackSecret) return { rows: moved, unopened }
  const { current, previous, rotatedAt } = callbackSecret
  const secret = await secretOf('callback', current)
  const before = previous === undefined ? undefined : await secretOf('callback', previous)
  if (secret === undefined) unopened.push({ what: 'callbackSecrets', name: 'callback' })
  else
    moved.callbackSecret = {
      current: secret,
      rotatedAt,
      ...(before === undefined ? {} : { previous: before }),
    }
  return { rows: moved, unopened }
}

async function moveAccount(
  ports: Ports,
  account: Account,
  tenant: string
): Promise<Account | undefined> {
  const moved = { ...account, tenant }
  const [from, to] = [sealIdentity(account), sealIdentity(moved)]
  const credential = await move(ports, account.credential, from, to)
  if (credential === undefined) return undefined
  const { session } = account
  if (!session) return { ...moved, credential }
  const sealed = await move(ports, session.sealed, from, to)
  return sealed === undefined
    ? undefined
    : { ...moved, credential, session: { ...session, sealed } }
}
