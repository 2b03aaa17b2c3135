/**
 * Serves a provider's older calls: sends them as they are while every account still has them, else has newer calls carry them
 * (docs/rfc/0004-legacy-bridge.md). The decision is made before an account is chosen.
 */
import type { Account } from '#domain/accounts/account.ts'
import { isCarried } from '#domain/legacy/families.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { LegacyRow } from '#providers/contract/provider.ts'
import { idsOf } from '#flows/routing/ids-in-call.ts'
import { peek } from '#flows/upstream/read-answer.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { readWhole } from '#flows/upstream/read-call.ts'
import { carryCall } from './carry-call.ts'
import { refuseToSend } from './earlier-creation.ts'
import type { Ask } from './newer-call.ts'

/** `pass`: sends an older call as it is. `ask`: the gateway's entry for any call. `namesWaiting`: whether it names a job that waits. */
interface Ways {
  pass: Ask
  ask: Ask
  namesWaiting(ports: Ports, call: ProxyCall): Promise<boolean>
}

/** Undefined: the call is not an older call, or it is sent as it is. */
export async function serveLegacy(
  ports: Ports,
  call: ProxyCall,
  { pass, ask, namesWaiting }: Ways
): Promise<ProxyAnswer | undefined> {
  const { provider, match, tenant } = call
  const row = match && provider.legacy?.rowOf(match.route)
  const mode = ports.settings.legacy
  // The provider does not know it, and only the newer calls have words for it.
  if (row && !('gone' in row) && (await namesWaiting(ports, call)))
    return carry(ports, call, row, ask)
  if (!row || mode === 'pass') {
    refuseToSend(call)
    return undefined
  }
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  // Without an account there is nobody to ask, and the client gets the error for that.
  if (accounts.length === 0) return undefined
  if (isCarried(mode, accounts, row.family)) {
    // Records of older versions say nothing about older calls.
    if (mode === 'auto')
      probeSoon(
        ports,
        accounts.filter(({ legacy }) => !legacy)
      )
    return carry(ports, call, row, ask)
  }
  refuseToSend(call)
  const sent = isFile(row) ? call : await readWhole(call)
  const answer = await pass(ports, sent)
  const hasEnded = await saysEnded(answer, call)
  if (hasEnded || (await mayHaveEnded(answer, call)))
    probeSoon(
      ports,
      accounts.filter(({ email }) => email === (answer.email ?? email))
    )
  if (!hasEnded) return answer
  // The provider says that the call has ended, so it did nothing. A file is gone with the first call.
  return isFile(row) ? answer : carry(ports, sent, row, ask)
}

/** For a call that is not dispatched, such as a socket: throws `gone` when the call has ended and nothing newer does it. */
export async function refuseEnded(ports: Ports, call: ProxyCall): Promise<void> {
  const { provider, match, tenant } = call
  const row = match && provider.legacy?.rowOf(match.route)
  const mode = ports.settings.legacy
  if (!row || !('gone' in row) || mode === 'pass') return
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  const hasEnded = accounts.length > 0 && isCarried(mode, accounts, row.family)
  if (hasEnded) throw new AppError('gone', row.gone)
}

async function carry(
  ports: Ports,
  call: ProxyCall,
  row: LegacyRow,
  ask: Ask
): Promise<ProxyAnswer> {
  if ('gone' in row) throw new AppError('gone', row.gone)
  const work = carryCall(ports, isFile(row) ? call : await readWhole(call), row, ask)
  // A call that changes something runs to its end even if the client disconnects.
  if (call.method !== 'GET' && call.method !== 'HEAD') ports.defer(work.catch(() => {}))
  return work
}

function isFile(row: LegacyRow): boolean {
  return 'isUpload' in row && row.isUpload === true
}

/** Has the accounts' objects ask the provider what is alive. This isolate does so once in ten minutes for each account. */
function probeSoon(ports: Ports, accounts: readonly Account[]): void {
  for (const { key, tenant, email } of accounts) {
    const name = `probe/${key}`
    if (ports.memory.get(name, ports.now()) !== undefined) continue
    ports.memory.set(name, true, ports.now() + ports.durations.legacyAgainMs)
    const asked = ports.slots(key).checkLegacy(tenant)
    ports.defer(asked.catch(() => ports.log('legacy_not_probed', { email })))
  }
}

/** Only 410: a 404 may be about an id in the call. */
async function saysEnded(answer: ProxyAnswer, call: ProxyCall): Promise<boolean> {
  return answer.response.status === 410 && saysGone(answer, call)
}

/** Whether a call that names nothing was not found. */
async function mayHaveEnded(answer: ProxyAnswer, call: ProxyCall): Promise<boolean> {
  const { method } = call.match?.route ?? {}
  const isPlainRead = method === 'GET' && idsOf(call, undefined).length === 0
  return isPlainRead && answer.response.status === 404 && saysGone(answer, call)
}

async function saysGone({ response }: ProxyAnswer, { provider }: ProxyCall): Promise<boolean> {
  const { json } = await peek(response.clone())
  return provider.legacy?.saysGone({ status: response.status, body: json }) === true
}
