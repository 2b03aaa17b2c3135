/**
 * Runs a part of a pass that re-seals everything with the first master key (docs/rfc/0003-key-rotation.md): first the registrar's
 * tokens, then every desk with its accounts' objects. A request runs a bounded number of steps and saves its place; the next call
 * goes on from there.
 */
import type { Ports } from '#domain/ports/ports.ts'
import {
  beginPass,
  addStep,
  type ResealPlace,
  type ResealState,
  type ResealStep,
} from '#domain/access/reseal.ts'

/** Each step may ask many objects, and a request may ask 1000. */
const STEPS_MAX = 20
const WITHIN_MS = 15_000

export interface Resealed {
  state: ResealState
  tenants: number
  /** A step failed: call again. */
  isBroken?: boolean
  /** This request began the pass. */
  isBegun: boolean
}

export async function resealSome(ports: Ports, providers: string[]): Promise<Resealed> {
  const { registrar, vault, durations } = ports
  const before = await registrar.resealState()
  const tenants = (await registrar.listTenants()).map(({ id }) => id).toSorted()
  let state = beginPass(before, vault.firstKey, ports.now(), durations)
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
    state = addStep(state, step, { place: next, tenantsPassed: passed }, ports.now())
    if (ports.now() - startedAt > WITHIN_MS) break
  }
  const rest = { tenants: tenants.length, ...(isBroken ? { isBroken } : {}) }
  if (state === before) return { state, ...rest, isBegun: false }
  const isSaved = await registrar.saveReseal(state)
  // Another request ran the same steps and saved first. Repeating steps is harmless, so the saved state is used.
  const saved = isSaved ? undefined : await registrar.resealState()
  return { state: saved ?? state, ...rest, isBegun: isBegun && isSaved }
}

function takeStep(ports: Ports, key: string, place: ResealPlace): Promise<ResealStep> {
  const { tenant, provider, inner } = place
  if (tenant === undefined || provider === undefined)
    return ports.registrar.resealTokens(key, inner)
  return ports.desk(tenant, provider).reseal(key, inner)
}

/** Where the pass goes on after this place; undefined: nowhere. It also works if the place's tenant was removed meanwhile. */
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
