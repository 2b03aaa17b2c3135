/**
 * Serves a provider's older calls: sends them as they are while every account still has them, else has newer calls carry them
 * (docs/rfc/0004-legacy-bridge.md). The decision is made before an account is chosen.
 */
import { isCarried } from '#domain/legacy/families.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { LegacyRow } from '#providers/contract/provider.ts'
import { peek } from '#flows/upstream/read-answer.ts'
import type { ProxyAnswer, ProxyCall } from '#flows/upstream/proxy-call.ts'
import { readWhole } from '#flows/upstream/read-call.ts'
import { carryCall, type Ask } from './carry-call.ts'

/** `pass`: sends an older call as it is. `ask`: the gateway's entry for any call. */
interface Ways {
  pass: Ask
  ask: Ask
}

/** Undefined: the call is not an older call, or it is sent as it is. */
export async function serveLegacy(
  ports: Ports,
  call: ProxyCall,
  { pass, ask }: Ways
): Promise<ProxyAnswer | undefined> {
  const { provider, match, tenant } = call
  const row = match && provider.legacy?.rowOf(match.route)
  const mode = ports.settings.legacy
  if (!row || mode === 'pass') return undefined
  const { accounts } = await ports.accounts.list(tenant, provider.name)
  // Without an account there is nobody to ask, and the client gets the error for that.
  if (accounts.length === 0) return undefined
  if (isCarried(mode, accounts, row.family)) return carry(ports, call, row, ask)
  const sent = isFile(row) ? call : await readWhole(call)
  const answer = await pass(ports, sent)
  if (!(await saysEnded(answer, call))) return answer
  // The provider says that the call has ended, so it did nothing. A file is gone with the first call.
  return isFile(row) ? answer : carry(ports, sent, row, ask)
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

async function saysEnded({ response }: ProxyAnswer, { provider }: ProxyCall): Promise<boolean> {
  if (response.status !== 410) return false
  const { json } = await peek(response.clone())
  return provider.legacy?.saysGone({ status: response.status, body: json }) === true
}
