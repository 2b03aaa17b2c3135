/** Asks the provider which families of its older calls an account has. The reads are free. Nothing here throws. */
import type { Account, Credential, Session } from '#domain/accounts/account.ts'
import type { Families, ProbeAnswer } from '#domain/legacy/probe.ts'
import { parseJson } from '#domain/text/json-text.ts'
import type { Ports } from '#domain/ports/ports.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { openAccount } from './open-account.ts'
import { makeUpstream } from '#flows/upstream/read-answer.ts'

const TIMEOUT_MS = 10_000

/** `isGood`: the provider answers 200 to the account's cheapest newer read. */
interface Probed {
  answers: Record<string, ProbeAnswer>
  isGood: boolean
}

interface Opened {
  credential: Credential
  session: Session | undefined
}

async function probeFamilies(
  ports: Ports,
  provider: Provider,
  { credential, session }: Opened,
  canAsk: (path: string) => boolean = () => true
): Promise<Probed> {
  const { legacy, accounts } = provider
  const read = async (path: string) => {
    const headers = new Headers({ accept: 'application/json' })
    const at = { path, now: ports.now(), settings: ports.settings }
    await accounts.authorize(headers, credential, session, at)
    const origin = provider.routes.origin(undefined, ports.settings, credential)
    const call = {
      method: 'GET',
      path,
      headers: Object.fromEntries(headers),
      timeoutMs: TIMEOUT_MS,
    }
    const { status, text } = await makeUpstream(ports).send(origin, call)
    return { status, body: parseJson(text) }
  }
  const probe = async (path: string): Promise<ProbeAnswer> => {
    const answer = await read(path).catch(() => undefined)
    if (answer?.status === 200 && answer.body !== undefined) return 'alive'
    return answer && legacy?.saysGone(answer) ? 'ended' : 'unclear'
  }
  const families = Object.entries(legacy?.probes ?? {}).filter(([, path]) => canAsk(path))
  const found = await Promise.all(families.map(async ([name, path]) => [name, await probe(path)]))
  const answers = Object.fromEntries(found) as Record<string, ProbeAnswer>
  const isAsked =
    found.some(([, answer]) => answer === 'ended') && accounts.healthPath !== undefined
  const health = isAsked ? await read(accounts.healthPath ?? '').catch(() => undefined) : undefined
  return { answers, isGood: health?.status === 200 }
}

/** The same with the account's stored credential. Families that the credential cannot be used on are unclear. */
export async function probeAccount(
  ports: Ports,
  provider: Provider,
  account: Account
): Promise<Probed> {
  try {
    const canAsk = (path: string) => provider.accounts.missingFor?.(account, path) === undefined
    return await probeFamilies(ports, provider, await openAccount(ports, account), canAsk)
  } catch {
    return { answers: {}, isGood: false }
  }
}

/** The families that are alive for a new account, whose credential was just accepted. Undefined: nothing depends on them. */
export async function familiesOf(
  ports: Ports,
  provider: Provider,
  opened: Opened
): Promise<Families | undefined> {
  if (!provider.legacy || ports.settings.legacy !== 'auto') return undefined
  const { answers } = await probeFamilies(ports, provider, opened)
  const alive = Object.entries(answers).filter(([, answer]) => answer === 'alive')
  return Object.fromEntries(alive.map(([family]) => [family, 'alive'])) as Families
}
