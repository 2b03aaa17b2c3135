/**
 * Makes the ports of a request from bindings and settings. What all requests of an isolate share (stores, caches, hints, the ways
 * to the objects) is made once per `env`, never in a variable of a module.
 */
import { AppError } from '#domain/runtime/errors.ts'
import { Hints } from '#domain/accounts/account-hints.ts'
import { lineOf, type Facts } from '#domain/runtime/log-line.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { TICKET_HEADER, type Hub } from '#domain/ports/hub.ts'
import type { SlotDesk } from '#domain/ports/slots.ts'
import { toLeaseMessage } from '#domain/slots/lease-record.ts'
import type { Desk, Registrar } from '#domain/ports/desk.ts'
import { RateLimit } from '#domain/runtime/rate-limit.ts'
import { RecentMap } from '#domain/runtime/recent-map.ts'
import { RecentSet } from '#domain/runtime/recent-set.ts'
import { parseSettings, refuseUnsafeAt, type Settings } from '#domain/runtime/settings.ts'
import { Stopwatch } from '#domain/runtime/stopwatch.ts'
import { Semaphore } from '#domain/runtime/semaphore.ts'
import { durationsAt, type Durations } from '#domain/runtime/durations.ts'
import { makeAccountStore, makeAccountCache } from '#storage/accounts.ts'
import { makeAddedRouteStore, makeAddedRouteCache } from '#storage/added-routes.ts'
import { makeItemCache, makeItemStore, makeNameCache } from '#storage/items.ts'
import { makeOwnerStore, makeOwnerCache } from '#storage/owners.ts'
import { makeTokenStore, makeTokenCache } from '#storage/tokens.ts'
import { makeListCopyCache, makeListCopyStore } from '#storage/list-copies.ts'
import { makeUploadStore } from '#storage/uploads.ts'
import { makeVault } from '#storage/vault.ts'
import { askObject } from '#storage/ask-object.ts'
import { platform } from './platform.ts'

/** The name of the TenantDesk object that keeps tokens and tenants. No tenant can have it. */
const REGISTRAR = '@registrar'

/** Whether `Prefer: respond-async` puts creations into the line. The line is built in steps, and this is set with the last one. */
const IS_LINE_OPEN = true

/** How many searches for unknown ids one token may cause (contract section 14.10). */
const SEARCHES_A_MINUTE = 30

/** The ports of one request alone. */
type OfRequest = 'fetch' | 'upstream' | 'defer' | 'log' | 'hasParked'
/** The ports that all requests of an isolate share. */
type Isolate = Omit<Ports, OfRequest>

const isolates = new WeakMap<Env, Isolate>()
/** The problem with the settings of each `env`, so that it is logged once. */
const problems = new WeakMap<Env, AppError>()

/** An error that names a bad setting; undefined: all settings are good. */
function settingsProblem(env: Env): AppError | undefined {
  const known = problems.get(env)
  if (known) return known
  try {
    isolateOf(env)
    return undefined
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    problems.set(env, error)
    writeLog('setting_invalid', {}, { message: error.message })
    return error
  }
}

/** The same for requests to this origin: some settings are good on loopback only. */
export function problemAt(env: Env, origin: string): AppError | undefined {
  const problem = settingsProblem(env)
  if (problem) return problem
  try {
    refuseUnsafeAt(isolateOf(env).settings, origin)
    return undefined
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}

/** Writes one line of the log at its level. */
export function writeLog(event: string, about: Facts, facts: Facts): void {
  const { level, text } = lineOf(event, about, facts)
  if (level === 'error') console.error(text)
  else if (level === 'warn') console.warn(text)
  else console.log(text)
}

function isolateOf(env: Env): Isolate {
  const known = isolates.get(env)
  if (known) return known
  const isolate = makeIsolate(env, parseSettings({ ...env }))
  isolates.set(env, isolate)
  return isolate
}

function makeIsolate(env: Env, settings: Settings): Isolate {
  const durations = durationsAt(settings.timeScale)
  const { now } = platform
  const desk = (tenant: string, provider: string): Desk => deskPort(env, `${provider}:${tenant}`)
  const registrar = registrarPort(env)
  const lists = makeListCopyCache(now)
  const owners = makeOwnerCache(now)
  return {
    settings,
    durations,
    ...platform,
    fixedLength: (bytes) => new FixedLengthStream(bytes),
    vault: makeVault(settings.masterKeys, platform),
    hints: new Hints(),
    memory: new RecentMap(5000),
    reportedEnds: new RecentSet(10_000),
    searches: new Semaphore(platform.after),
    searchesOfToken: new RateLimit(SEARCHES_A_MINUTE),
    isRateLimited: async (address) => !(await env.AUTH_DAMPER.limit({ key: address })).success,
    isOverRate: async (tokenId, most) => {
      const limit = rateLimitsOf(env)[most]
      return limit !== undefined && !(await limit.limit({ key: tokenId })).success
    },
    tokens: makeTokenStore(env.REGISTRY, makeTokenCache(now), registrar),
    accounts: makeAccountStore(env.REGISTRY, makeAccountCache(now), desk),
    owners: makeOwnerStore(owners, desk),
    items: makeItemStore(makeItemCache(now), {
      owners,
      names: makeNameCache(now),
      desk,
      now,
      durations,
    }),
    isLineOpen: IS_LINE_OPEN,
    addedRoutes: makeAddedRouteStore(env.REGISTRY, makeAddedRouteCache(now)),
    uploads: makeUploadStore(env.REGISTRY, durations.keepUploadsMs),
    listCopies: makeListCopyStore(env.REGISTRY, lists, durations.keepListCopyMs),
    desk,
    registrar,
    slots: (accountKey) => slotsPort(env, accountKey),
    hub: (name) => hubPort(env, name),
  }
}

/** A binding's limit is fixed in wrangler.toml, so there is one for each limit that a token may have (REQUESTS_PER_MINUTE). */
function rateLimitsOf(env: Env): Partial<Record<number, RateLimitBinding>> {
  return {
    30: env.TOKEN_RATE_30,
    60: env.TOKEN_RATE_60,
    120: env.TOKEN_RATE_120,
    300: env.TOKEN_RATE_300,
    600: env.TOKEN_RATE_600,
    1200: env.TOKEN_RATE_1200,
  }
}

type RateLimitBinding = Env['TOKEN_RATE_30']

/**
 * Throws an AppError that names a missing or malformed setting. `about`: members of every line of the log; called for each
 * line.
 */
export function makePorts(env: Env, defer: Ports['defer'], about: () => Facts = () => ({})): Ports {
  const problem = settingsProblem(env)
  if (problem) throw problem
  const upstream = new Stopwatch()
  return {
    ...isolateOf(env),
    fetch: async (url, init) => {
      const stop = upstream.start(platform.now())
      try {
        return await fetch(url, { ...init, redirect: 'manual' })
      } finally {
        stop(platform.now())
      }
    },
    upstream,
    defer,
    log: (event, facts = {}) => writeLog(event, about(), facts),
    hasParked: { isTrue: false },
  }
}

/** The durations alone, for an object that needs them often. Throws as `makePorts` does. */
export function durationsOf(env: Env): Durations {
  const problem = settingsProblem(env)
  if (problem) throw problem
  return isolateOf(env).durations
}

/** Where an object comes into being. One that exists stays where it is. */
function placement(env: Env): DurableObjectNamespaceGetDurableObjectOptions {
  const { locationHint } = isolateOf(env).settings
  return locationHint === undefined ? {} : { locationHint }
}

function slotsPort(env: Env, name: string): SlotDesk {
  // These methods are `async` if their answer is a union, because the RPC types would make it a union of promises.
  const ask = askObject(() => env.ACCOUNT_SLOTS.getByName(name, placement(env)), platform)
  return {
    claim: (account, instead, targets) =>
      ask(async (slots) => slots.claim(account, instead, targets)),
    takeTargets: (tenant, targets) => ask((slots) => slots.takeTargets(tenant, targets)),
    renew: (account) => ask((slots) => slots.renew(account)),
    retire: (isNow, holder) => ask((slots) => slots.retire(isNow, holder)),
    vacate: (holder) => ask((slots) => slots.vacate(holder)),
    acquire: (lease) => ask(async (slots) => slots.acquire(toLeaseMessage(lease))),
    bind: (requestId, starts, again, how) =>
      ask((slots) => slots.bind(requestId, starts, again && toLeaseMessage(again), how)),
    lookNow: (requestId) => ask(async (slots) => slots.lookNow(requestId)),
    release: (requestId, fault) => ask(async (slots) => slots.release(requestId, fault)),
    keepGuess: (requestId, start, again) =>
      ask((slots) => slots.keepGuess(requestId, start, toLeaseMessage(again))),
    settle: (reports) => ask((slots) => slots.settle(reports)),
    blame: (fault) => ask(async (slots) => slots.blame(fault)),
    unpark: (tenant) => ask((slots) => slots.unpark(tenant)),
    test: (tenant) => ask(async (slots) => slots.test(tenant)),
    checkLegacy: (tenant) => ask((slots) => slots.checkLegacy(tenant)),
    hold: (until) => ask((slots) => slots.hold(until)),
    untrack: (tenant, jobId, isForced) => ask((slots) => slots.untrack(tenant, jobId, isForced)),
    watch: (until) => ask(async (slots) => slots.watch(until)),
    view: (tenant) => ask((slots) => slots.view(tenant)),
    summary: (tenant) => ask(async (slots) => slots.summary(tenant)),
    observe: (hub, tenant, until) => ask(async (slots) => slots.observe(hub, tenant, until)),
    reseal: (key) => ask(async (slots) => slots.reseal(key)),
    notePool: (tenant, since) => ask((slots) => slots.notePool(tenant, since)),
    noteQueue: (tenant, since) => ask((slots) => slots.noteQueue(tenant, since)),
    findJob: (tenant, job) => ask((slots) => slots.findJob(tenant, job)),
    listJobs: (query) => ask((slots) => slots.listJobs(query)),
    throughput: (query) => ask((slots) => slots.throughput(query)),
    usage: (query) => ask((slots) => slots.usage(query)),
    receive: (received) => ask(async (slots) => slots.receive(received)),
    listDeliveries: (query) => ask((slots) => slots.listDeliveries(query)),
    findDelivery: (tenant, id) => ask(async (slots) => slots.findDelivery(tenant, id)),
    retryDelivery: (tenant, id) => ask(async (slots) => slots.retryDelivery(tenant, id)),
    limitedLeases: (tenant) => ask((slots) => slots.limitedLeases(tenant)),
    work: (tenant, until, isOwed) => ask((slots) => slots.work(tenant, until, isOwed)),
    endUnstarted: (tenant, ends) => ask((slots) => slots.endUnstarted(tenant, ends)),
  }
}

function deskPort(env: Env, name: string): Desk {
  const ask = askObject(() => env.TENANT_DESK.getByName(name, placement(env)), platform)
  return {
    snapshot: () => ask((desk) => desk.snapshot()),
    saveAccount: (account, by) => ask((desk) => desk.saveAccount(account, by)),
    changeLimit: (email, maxJobs, now, by) =>
      ask((desk) => desk.changeLimit(email, maxJobs, now, by)),
    changeSettings: (change, by) => ask((desk) => desk.changeSettings(change, by)),
    changeChoice: (email, change, now, by) =>
      ask((desk) => desk.changeChoice(email, change, now, by)),
    endImport: (email) => ask((desk) => desk.endImport(email)),
    drainAccount: (email, isDrained, by) => ask((desk) => desk.drainAccount(email, isDrained, by)),
    pauseLine: (pause, isPaused, by) => ask((desk) => desk.pauseLine(pause, isPaused, by)),
    exportRows: () => ask((desk) => desk.exportRows()),
    importRows: (rows, by) => ask((desk) => desk.importRows(rows, by)),
    removeAccount: (email, isNow, by) => ask((desk) => desk.removeAccount(email, isNow, by)),
    refreshSession: (email, stale) => ask((desk) => desk.refreshSession(email, stale)),
    beginSignIn: (wish, by) => ask(async (desk) => desk.beginSignIn(wish, by)),
    findSignIn: (id) => ask(async (desk) => desk.findSignIn(id)),
    cancelSignIn: (id, by) => ask(async (desk) => desk.cancelSignIn(id, by)),
    noteLegacy: (email, key, families) => ask((desk) => desk.noteLegacy(email, key, families)),
    formerKeys: () => ask((desk) => desk.formerKeys()),
    usagePlaces: () => ask((desk) => desk.usagePlaces()),
    holds: (email, key) => ask((desk) => desk.holds(email, key)),
    learn: (owners, seen) => ask((desk) => desk.learn(owners, seen)),
    learnJobs: (owners, seen) => ask((desk) => desk.learnJobs(owners, seen)),
    jobsOf: (requestIds) => ask((desk) => desk.jobsOf(requestIds)),
    fullAccounts: (seen) => ask((desk) => desk.fullAccounts(seen)),
    ownersOf: (ids) => ask((desk) => desk.ownersOf(ids)),
    namesOf: (ids) => ask((desk) => desk.namesOf(ids)),
    ownOf: (token, ids) => ask((desk) => desk.ownOf(token, ids)),
    listOwn: (query) => ask((desk) => desk.listOwn(query)),
    takeHome: (token, wish) => ask(async (desk) => desk.takeHome(token, wish)),
    beginCopies: (originals, email, by) =>
      ask(async (desk) => desk.beginCopies(originals, email, by)),
    endCopies: (copies, email) => ask((desk) => desk.endCopies(copies, email)),
    forgetCopies: (copies, email) => ask((desk) => desk.forgetCopies(copies, email)),
    takeCopies: (original, keyStart) => ask((desk) => desk.takeCopies(original, keyStart)),
    isMadeElsewhere: (requestId, email) => ask((desk) => desk.isMadeElsewhere(requestId, email)),
    noteMade: (requestId, made) => ask((desk) => desk.noteMade(requestId, made)),
    madeBy: (requestId) => ask(async (desk) => desk.madeBy(requestId)),
    beginKey: (key, requestId) => ask(async (desk) => desk.beginKey(key, requestId)),
    endKey: (key, requestId, end) => ask((desk) => desk.endKey(key, requestId, end)),
    noteUnknown: (print, unknown) => ask((desk) => desk.noteUnknown(print, unknown)),
    unknownOf: (print) => ask(async (desk) => desk.unknownOf(print)),
    forgetUnknown: (print, requestId) => ask((desk) => desk.forgetUnknown(print, requestId)),
    requestsOfKey: (key) => ask((desk) => desk.requestsOfKey(key)),
    keepPlace: (place) => ask((desk) => desk.keepPlace(place)),
    placeOf: (place) => ask((desk) => desk.placeOf(place)),
    takeShare: (token, limits, leaseIds) =>
      ask(async (desk) => desk.takeShare(token, limits, leaseIds)),
    endShare: (leaseIds, how) => ask((desk) => desk.endShare(leaseIds, how)),
    takeUpload: (token, bytes) => ask((desk) => desk.takeUpload(token, bytes)),
    awaitTurn: (waiter, until) => ask(async (desk) => desk.awaitTurn(waiter, until)),
    noteFreed: (accountKey, slots) => ask((desk) => desk.noteFreed(accountKey, slots)),
    addEndpoint: (endpoint, by) => ask((desk) => desk.addEndpoint(endpoint, by)),
    endpoints: () => ask((desk) => desk.endpoints()),
    changeEndpoint: (id, change, by) => ask((desk) => desk.changeEndpoint(id, change, by)),
    removeEndpoint: (id, by) => ask((desk) => desk.removeEndpoint(id, by)),
    saveCallbackSecret: (...secret) => ask((desk) => desk.saveCallbackSecret(...secret)),
    saveTokenSecret: (token, sealed, now, by) =>
      ask((desk) => desk.saveTokenSecret(token, sealed, now, by)),
    outlets: () => ask((desk) => desk.outlets()),
    noteRefused: (accountKey, until) => ask((desk) => desk.noteRefused(accountKey, until)),
    noteFull: () => ask((desk) => desk.noteFull()),
    refreshAlerts: () => ask((desk) => desk.refreshAlerts()),
    reseal: (key, from) => ask(async (desk) => desk.reseal(key, from)),
    noteAudit: (entry, by) => ask((desk) => desk.noteAudit(entry, by)),
    listAudit: (query) => ask((desk) => desk.listAudit(query)),
    enqueue: (items) => ask((desk) => desk.enqueue(items)),
    itemsOf: (names) => ask((desk) => desk.itemsOf(names)),
    listLine: (query) => ask((desk) => desk.listLine(query)),
    cancelItemBy: (name, by) => ask(async (desk) => desk.cancelItemBy(name, by)),
    cancelItem: (...which) => ask(async (desk) => desk.cancelItem(...which)),
    takeWork: (work) => ask((desk) => desk.takeWork(work)),
    report: (account, reports) => ask((desk) => desk.report(account, reports)),
    tokenChanged: (...token) => ask((desk) => desk.tokenChanged(...token)),
    close: () => ask((desk) => desk.close()),
  }
}

function hubPort(env: Env, name: string): Hub {
  const stub = () => env.TENANT_DESK.getByName(name, placement(env))
  const ask = askObject(stub, platform)
  return {
    keepTicket: (hash, ticket) => ask((hub) => hub.keepTicket(hash, ticket)),
    push: (summary) => ask((hub) => hub.push(summary)),
    look: () => ask((hub) => hub.look()),
    connect: (ticketHash) =>
      stub().fetch('https://hub.invalid/', {
        headers: { upgrade: 'websocket', [TICKET_HEADER]: ticketHash },
      }),
  }
}

function registrarPort(env: Env): Registrar {
  const ask = askObject(() => env.TENANT_DESK.getByName(REGISTRAR, placement(env)), platform)
  return {
    saveToken: (token, tenant, hasPast, by) =>
      ask((desk) => desk.saveToken(token, tenant, hasPast, by)),
    findToken: (hash) => ask((desk) => desk.findToken(hash)),
    listTokens: () => ask((desk) => desk.listTokens()),
    changeToken: (id, change, by) => ask((desk) => desk.changeToken(id, change, by)),
    removeToken: (id, by) => ask((desk) => desk.removeToken(id, by)),
    listTenants: () => ask((desk) => desk.listTenants()),
    findTenant: (id, isName) => ask((desk) => desk.findTenant(id, isName)),
    tenantIdsOf: (name) => ask((desk) => desk.tenantIdsOf(name)),
    changeTenant: (id, change, by) => ask((desk) => desk.changeTenant(id, change, by)),
    removeTenant: (id, by) => ask((desk) => desk.removeTenant(id, by)),
    noteAudit: (entry, by) => ask((desk) => desk.noteAudit(entry, by)),
    listAudit: (query) => ask((desk) => desk.listAudit(query)),
    importTenant: (tenant, tokens, hasPast, by) =>
      ask((desk) => desk.importTenant(tenant, tokens, hasPast, by)),
    resealTokens: (key, after) => ask(async (desk) => desk.resealTokens(key, after)),
    resealState: () => ask(async (desk) => desk.resealState()),
    saveReseal: (state) => ask((desk) => desk.saveReseal(state)),
    listRoutes: () => ask((desk) => desk.listRoutes()),
    addRoute: (route, by) => ask(async (desk) => desk.addRoute(route, by)),
    removeRoute: (id, by) => ask((desk) => desk.removeRoute(id, by)),
    addAlert: (alert, by) => ask(async (desk) => desk.addAlert(alert, by)),
    listAlerts: (owner) => ask((desk) => desk.listAlerts(owner)),
    removeAlert: (owner, id, by) => ask((desk) => desk.removeAlert(owner, id, by)),
    alertsFor: (tenant) => ask((desk) => desk.alertsFor(tenant)),
  }
}
