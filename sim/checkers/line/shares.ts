/**
 * The order, where two tokens queue the same at the same time and nothing else happens: starts are shared by weight, and inside a token
 * the more urgent goes first.
 */
import type { Scene } from '../../clients/scene.ts'
import { askedAt } from './held-up.ts'

/** What a token may have had too much, in starts. Items of several pulls are sent beside each other. */
const STARTS = 3
const USUAL_WEIGHT = 10
/** The older half of what waits is one step more urgent after this. */
const STEP_MS = 600_000
/** Creations of one pull reach the provider in any order. */
const TOGETHER_MS = 2000
/** So often an item may have gone first that came back from an account, and waited five seconds. */
const OVERTAKEN = 2

interface Start {
  mark: string
  tokenId: string
  priority: number
  askedAt: number
  at: number
}

export function wrongOrder(scene: Scene): string[] {
  // Limits of a token come before its weight.
  if (scene.plan.isShared !== true || scene.plan.limits !== undefined) return []
  const starts = startsOf(scene)
  const from = Math.max(0, ...starts.map((one) => one.askedAt)) + TOGETHER_MS
  const waited = starts.filter(({ at }) => at > from)
  return [...wrongShares(scene, waited), ...wrongPriorities(waited)]
}

function startsOf({ heygen, intentions }: Scene): Start[] {
  return heygen.creations
    .flatMap(({ mark, jobs }) => {
      const { item } = intentions.get(mark) ?? {}
      const [name] = item?.names ?? []
      const at = jobs[0]?.createdAt
      if (!item || name === undefined || at === undefined) return []
      const { tokenId, priority = 3 } = item
      return [{ mark, tokenId, priority, askedAt: askedAt(name), at }]
    })
    .toSorted((one, other) => one.at - other.at)
}

/** As long as both have something left. */
function wrongShares(scene: Scene, starts: readonly Start[]): string[] {
  const [tenant] = scene.tenants
  const terms = scene.plan.steps.flatMap(({ action }) =>
    action.do === 'second token' ? [action.terms?.weight ?? USUAL_WEIGHT] : []
  )
  const tokens = [tenant, tenant?.second].map((one) => one?.tokenId)
  const weights = [USUAL_WEIGHT, terms[0] ?? USUAL_WEIGHT]
  const left = tokens.map((token) => starts.filter((one) => one.tokenId === token).length)
  const had = [0, 0]
  for (const { tokenId } of starts) {
    const at = tokens.indexOf(tokenId)
    had[at] = (had[at] ?? 0) + 1
    if (had.some((count, n) => count >= (left[n] ?? 0))) return []
    const [one = 0, other = 0] = had.map((count, n) => count / (weights[n] ?? 1))
    if (Math.abs(one - other) > STARTS / Math.min(...weights))
      return [`line: of weights ${weights.join(' and ')}, ${had.join(' and ')} were started`]
  }
  return []
}

function wrongPriorities(starts: readonly Start[]): string[] {
  const isLater = (one: Start, first: Start) =>
    one.tokenId === first.tokenId &&
    one.priority < first.priority &&
    one.at > first.at + TOGETHER_MS &&
    first.at < first.askedAt + STEP_MS
  return starts.flatMap((one) => {
    const before = starts.filter((first) => isLater(one, first))
    if (before.length <= OVERTAKEN) return []
    const marks = before.map(({ mark }) => mark).join(', ')
    return [`line: ${one.mark}, of priority ${one.priority}, was started after ${marks}`]
  })
}
