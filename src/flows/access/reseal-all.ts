/**
 * A part of a pass that seals everything with the first master key (docs/rfc/0003-key-rotation.md): the registrar's tokens,
 * then every desk, which asks its accounts' objects. A bounded number of steps in one request; the place is kept behind them,
 * so that whoever calls next goes on from it.
 */
import type { Ports } from '#domain/ports/ports.ts'
import {
  begun,
  stepped,
  type ResealPlace,
  type ResealState,
  type ResealStep,
} from '#domain/access/reseal.ts'

/** Of one request's 1000. */
const STEPS_MAX = 20
const WITHIN_MS = 15_000

export interface Resealed {
  state: ResealState
  tenants: number
  /** A share could not be sealed now: call again. */
  isBroken?: boolean
  /** This request began the pass. */
  isBegun: boolean
}

export async function resealSome(ports: Ports, providers: string[]): Promise<Resealed> {
  const { registrar, vault, durations } = ports
  const before = await registrar.resealState()
  const tenants = (await registrar.listTenants()).map(({ id }) => id).toSorted()
  let state = begun(before, vault.firstKey, ports.now(), durations)
  const isBegun = state.pass !== before?.pass
  const startedAt = ports.now()
  let isBroken = false
  for (let steps = 0; steps < STEPS_MAX && state.pass.endedAt === undefined; steps += 1) {
    const { place } = state.pass
    const step = await takeStep(ports, vault.firstKey, place).catch(() => undefined)
    isBroken = step === undefined
    if (!step) break
    const next = nextPlace(place, step, tenants, providers)
    const tenantsPassed = tenants.filter((id) => id < (next?.tenant ?? '')).length
    const passed = next ? tenantsPassed : tenants.length
    state = stepped(state, step, { place: next, tenantsPassed: passed }, ports.now())
    if (ports.now() - startedAt > WITHIN_MS) break
  }
  const rest = { tenants: tenants.length, ...(isBroken ? { isBroken } : {}) }
  if (state === before) return { state, ...rest, isBegun: false }
  const isSaved = await registrar.saveReseal(state)
  // Somebody else did the same: nothing was done twice that matters, and theirs counts.
  const saved = isSaved ? undefined : await registrar.resealState()
  return { state: saved ?? state, ...rest, isBegun: isBegun && isSaved }
}

function takeStep(ports: Ports, key: string, place: ResealPlace): Promise<ResealStep> {
  const { tenant, provider, inner } = place
  if (tenant === undefined || provider === undefined)
    return ports.registrar.resealTokens(key, inner)
  return ports.desk(tenant, provider).reseal(key, inner)
}

/** Undefined: that was the last. A tenant that was removed meanwhile is passed by its name. */
function nextPlace(
  place: ResealPlace,
  { next }: ResealStep,
  tenants: readonly string[],
  providers: readonly string[]
): ResealPlace | undefined {
  if (next !== undefined) return { ...place, inner: next }
  const { tenant, provider } = place
  const other =
    providers[provider === undefined ? providers.length : providers.indexOf(provider) + 1]
  if (tenant !== undefined && other !== undefined) return { tenant, provider: other }
  const following = tenants.find((id) => tenant === undefined || id > tenant)
  const [first] = providers
  return following === undefined || first === undefined
    ? undefined
    : { tenant: following, provider: first }
}
