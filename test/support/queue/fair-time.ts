/** The fair time of what waited in a line (issue 16): (jobs ahead of it by weight) × a job's time ÷ slots. */

/** A start of an item, in the order of the starts. `lane`: the only account that may serve it, or ''. */
export interface Turn {
  token: string
  lane: string
  account: string
  askedAt: number
  at: number
}

/**
 * How many jobs were ahead of it by weight: those of its own token that went first, and of each other token as many as its weight
 * gives it meanwhile, if it had so many. Of an item that one account must serve, only that account's starts count.
 */
function fairlyAhead(turns: Turn[], index: number, weights: Record<string, number>): number {
  const { askedAt, token, lane, account } = turns[index] as Turn
  const isHere = (one: Turn) => lane === '' || one.account === account
  const between = turns.slice(0, index + 1).filter((one) => one.at >= askedAt && isHere(one))
  const ownCount = between.filter((one) => one.token === token).length
  const left = turns.slice(index + 1).filter((one) => one.askedAt <= askedAt && isHere(one))
  return Object.entries(weights).reduce((sum, [other, weight]) => {
    if (other === token) return sum + ownCount
    const theirs = [...between, ...left].filter((one) => one.token === other).length
    return sum + Math.min(theirs, (ownCount * weight) / (weights[token] ?? 1))
  }, 0)
}

interface Pool {
  weights: Record<string, number>
  /** By account. */
  slots: Record<string, number>
  jobMs: number
  /** Where the operator lets another token go first, nothing passes an item once it has waited so long. */
  graceMs?: number
}

/** The most that an item waited, in its fair time. A slot must come free first, which takes a job's time at most. */
export function longestWait(turns: Turn[], { weights, slots, jobMs, graceMs = 0 }: Pool): number {
  const all = Object.values(slots).reduce((sum, count) => sum + count, 0)
  const factors = turns.map(({ lane, askedAt, at }, index) => {
    const fairMs =
      (fairlyAhead(turns, index, weights) * jobMs) / (lane === '' ? all : (slots[lane] ?? all))
    return (at - askedAt - jobMs - graceMs) / fairMs
  })
  return Math.max(...factors)
}
