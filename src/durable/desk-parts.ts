/** Makes the parts of TenantDesk. Each part has one task. No part knows the object itself. */
import { platform } from '#composition/platform.ts'
import type { Actor } from '#domain/access/audit.ts'
import type { Account } from '#domain/accounts/account.ts'
import type { SaveAnswer } from '#domain/ports/desk.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { isHubName } from '#domain/live/hub.ts'
import { getProvider, PROVIDERS } from '#providers/index.ts'
import { AlertBook } from '#durable/alerts/alert-book.ts'
import { DeskAlerts, type DeskAlertsDeps } from '#durable/alerts/desk-alerts.ts'
import { DeskBackup } from '#durable/backup/desk-backup.ts'
import { RegistrarBackup } from '#durable/backup/registrar-backup.ts'
import { AccountClaims } from '#durable/desk/account-claims.ts'
import { AuditLog } from '#durable/desk/audit-log.ts'
import { DeskAccounts } from '#durable/desk/desk-accounts.ts'
import { DeskUploads } from '#durable/desk/desk-uploads.ts'
import { IdempotencyKeys } from '#durable/desk/idempotency-keys.ts'
import { KvCopies } from '#durable/desk/kv-copies.ts'
import { PageTokens } from '#durable/desk/page-tokens.ts'
import { RegistrarPart } from '#durable/desk/registrar.ts'
import { DeskResealing } from '#durable/desk/resealing.ts'
import { SessionRenewals } from '#durable/desk/session-renewals.ts'
import { UnknownCreations } from '#durable/desk/unknown-creations.ts'
import { WebhookEndpoints } from '#durable/desk/webhook-endpoints.ts'
import type { LineDeps } from '#durable/line/context.ts'
import { DeskLine } from '#durable/line/desk-line.ts'
import { TokenShares } from '#durable/limits/token-shares.ts'
import { Hub } from '#durable/live/hub.ts'
import { FullAccounts } from '#durable/pool/full-accounts.ts'
import { RefusedAccounts } from '#durable/pool/refused-accounts.ts'
import { WaitingRoom } from '#durable/pool/waiting-room.ts'
import { SignInRows } from '#durable/sign-ins/sign-in-rows.ts'
import { SignIns } from '#durable/sign-ins/sign-ins.ts'
import { DeskTables } from '#durable/desk-tables/desk-tables.ts'
import { TargetPushes } from '#durable/targets/target-pushes.ts'

/** Unfinished work is tried again after this time. */
export const SOON_MS = 1500

const NAMES = PROVIDERS.map(({ name }) => name)

export type DeskParts = ReturnType<typeof makeDeskParts>

export interface DeskObject {
  storage: DurableObjectStorage
  /** `<provider>:<tenant>`, or the registrar's. */
  name: string
  kv: KVNamespace
  ports(): Ports
  /** Sets the alarm, if it is not set to an earlier time. */
  armIn(ms: number): void
  saveAccount(account: Account, by?: Actor): Promise<SaveAnswer>
  sockets(): WebSocket[]
  accept(socket: WebSocket): void
}

export function makeDeskParts({
  storage,
  name,
  kv: namespace,
  ports,
  armIn,
  saveAccount,
  sockets,
  accept,
}: DeskObject) {
  const armSoon = () => armIn(SOON_MS)
  const unknown = new UnknownCreations(storage)
  const tables = new DeskTables(storage, name, platform, () => unknown.until())
  const audit = new AuditLog(tables.audit, name, () => armIn(ports().durations.keepAuditMs))
  const kv = new KvCopies(tables, namespace, armSoon)
  const claims = new AccountClaims(storage)
  const { provider, tenant } = whoseDesk(name, tables)
  const signInRows = new SignInRows(storage)
  const signIns = new SignIns(signInRows, {
    ports,
    armIn,
    tenant,
    provider: () => getProvider(provider),
    accounts: () => tables.accounts.all,
    isClosed: () => tables.accounts.isClosed,
    save: saveAccount,
    audit: (by, action, id) => audit.write(by, { action, tenant, provider, subject: id }),
  })
  const oldSince = () => line.oldSince()
  const { alerts, targets } = makeTargets({ storage, ports, armIn, oldSince }, tables, tenant)
  const accounts = new DeskAccounts(tables, claims, { ports, armSoon, audit, targets })
  const endpoints = new WebhookEndpoints(tables, audit, platform.now)
  const alertBook = new AlertBook(storage, audit)
  const uploads = new DeskUploads(tables, ports)
  const full = new FullAccounts(storage, platform.now)
  const waiting = new WaitingRoom(ports, platform, () => line)
  const keys = new IdempotencyKeys(tables, ports)
  const around = { ports, now: platform.now, provider, tenant, armIn }
  const shares = makeShares({ storage, ports }, tables, tenant, () => line.chosenShares())
  const parts = { uploads, full, waiting, keys, shares }
  const line: DeskLine = makeLine(storage, tables, parts, armSoon, around)
  return {
    line,
    alertBook,
    alerts,
    tables,
    audit,
    kv,
    claims,
    unknown,
    registrar: new RegistrarPart(tables, audit, { kv, ports, providers: NAMES }),
    registrarBackup: new RegistrarBackup(tables, audit),
    accounts,
    backup: new DeskBackup({ tables, accounts, endpoints, audit }),
    renewals: new SessionRenewals(tables, ports, kv),
    uploads,
    keys,
    pageTokens: new PageTokens(storage, platform),
    endpoints,
    waiting,
    refused: new RefusedAccounts(storage),
    full,
    shares,
    signIns,
    targets,
    hub: isHubName(name)
      ? new Hub({
          name,
          sql: storage.sql,
          now: platform.now,
          ports,
          providers: NAMES,
          armIn,
          sockets,
          accept,
        })
      : undefined,
    resealing: new DeskResealing(tables, signInRows, alertBook, { ports, name, kv, targets, line }),
  }
}

type PartsOfLine = Pick<DeskParts, 'uploads' | 'full' | 'waiting' | 'keys' | 'shares'>

function makeLine(
  storage: DurableObjectStorage,
  tables: DeskTables,
  parts: PartsOfLine,
  armSoon: () => void,
  around: Pick<LineDeps, 'ports' | 'now' | 'provider' | 'tenant' | 'armIn'>
): DeskLine {
  const line = new DeskLine(storage, { ...lineDeps(tables, parts, armSoon), ...around })
  tables.accounts.namesSince = () => line.namesSince
  tables.keys.lineEnd = (requestId) => line.endOf(requestId)
  return line
}

/**
 * The platform may wake an object for its alarm without its name. Then its accounts say whose desk it is. A desk without accounts has
 * nobody to call.
 */
function whoseDesk(name: string, { accounts }: DeskTables): { provider: string; tenant: string } {
  const [provider = '', tenant = ''] = name.split(':')
  const [account] = name === '' ? accounts.all : []
  return { provider: account?.provider ?? provider, tenant: account?.tenant ?? tenant }
}

/** What the line asks of a desk's other parts. */
function lineDeps(
  tables: DeskTables,
  { uploads, full, waiting, keys, shares }: PartsOfLine,
  armSoon: () => void
): Omit<LineDeps, 'ports' | 'now' | 'provider' | 'tenant' | 'armIn'> {
  const { accounts, jobs } = tables
  return {
    accounts: () => accounts.all,
    balancing: () => accounts.settings.balance ?? 'random',
    isClosed: () => accounts.isClosed,
    learn: (owners) => uploads.write(owners),
    learnOwn: (owners) => tables.ownIds.learn(owners, platform.now()),
    ownersOf: (ids) => uploads.ownersOf(ids),
    keys,
    touchAccounts() {
      tables.touchAccounts()
      armSoon()
    },
    jobsNamed: (ids) => jobs.find(ids, accounts.all),
    sendClient: (id, account) => waiting.send(id, account),
    full: () => full.list().map(({ account }) => account),
    shares,
  }
}

/** Former accounts are asked, too: their leases may still run. */
function makeShares(
  { storage, ports }: Pick<DeskObject, 'storage' | 'ports'>,
  { accounts }: DeskTables,
  tenant: string,
  chosen: () => string[]
): TokenShares {
  const formerSince = () => platform.now() - ports().durations.keepEndedMs
  const accountKeys = () => [
    ...accounts.all.map(({ key }) => key),
    ...accounts.formerKeys(formerSince()),
  ]
  return new TokenShares(storage, { ports, tenant, accountKeys, chosen })
}

/** Whether balances are watched is a part of the delivery targets, so a change of it is pushed, too. */
function makeTargets(
  around: Pick<DeskObject, 'storage' | 'ports' | 'armIn'> & Pick<DeskAlertsDeps, 'oldSince'>,
  tables: DeskTables,
  tenant: string
): { alerts: DeskAlerts; targets: TargetPushes } {
  const { storage, ports, armIn, oldSince } = around
  const accountKeys = () => tables.accounts.all.map(({ key }) => key)
  const alerts = new DeskAlerts(storage, {
    ports,
    armIn,
    tenant,
    accountKeys,
    oldSince,
    onBalanceWatched: () => targets.change(),
  })
  const targets = new TargetPushes(storage, {
    ports,
    now: platform.now,
    armIn,
    tenant,
    accountKeys,
    read: () => ({
      ...tables.endpoints.all(),
      ...(alerts.watchesBalance ? { watchesBalance: true } : {}),
    }),
  })
  tables.endpoints.onChange = () => targets.change()
  return { alerts, targets }
}
