/**
 * Plans of the line (docs/rfc/0009-queue.md): most creations of a storm are queued, so that they wait for slots, and what a line has to
 * bear happens meanwhile. They have seeds of their own, so that no other seed has another plan because of them.
 */
import { Chance } from '../world/chance.ts'
import type { Rates } from '../platform/universe.ts'
import type { HeygenRates } from '../witness/books.ts'
import { drawMore } from './line-steps.ts'
import { roomOf, visited, type Room, type Visit } from './rooms.ts'
import { isShared, sharedInLine } from './shares.ts'
import type { Plan, PlannedCreation, PlannedItem, PlannedLine, PlannedTerms, Step } from './plan.ts'

/** The seeds whose plans are about the line. */
export function isOfLine(seed: number): boolean {
  return seed % 10 === 3 || seed % 10 === 8
}

/** The n-th seed of the line from 0 on. */
export function seedOfLine(n: number): number {
  return 5 * n + 3
}

export function inLine(storm: Plan): Plan {
  if (isShared(storm.seed)) return sharedInLine(storm)
  const chance = new Chance(storm.seed)
  const steps = storm.steps.map((step) => queued(chance, step))
  const plan = visited(roomOf({ ...storm, steps }, chance), drawLine)
  // A gentle plan says more if its slots are taken.
  const rates = plan.isGentle === true ? plan.rates : rougher(chance, plan.rates)
  const heygen = plan.isGentle === true ? plan.heygen : deafer(chance, plan.heygen)
  const isLong = storm.seed % 100 === 8
  return { ...plan, rates, heygen, hasLine: true, ...(isLong ? { isLong } : {}) }
}

/** Calls often start nothing and have no answer that says so, as an item has to bear twice. */
function deafer(chance: Chance, heygen: HeygenRates): HeygenRates {
  if (!chance.isHit('line has deaf HeyGen', 0.2)) return heygen
  return { ...heygen, failBefore: chance.between('line deaf', 0.3, 0.6) }
}

/** What the line has to bear is rare in the storms that there are. Each of these in one plan of four. */
function rougher(chance: Chance, { objects, network, kv }: Rates): Rates {
  const rate = (of: string, usual: number, most: number) =>
    chance.isHit(`line has ${of}`, 0.25) ? chance.between(`line ${of}`, usual, most) : usual
  return {
    objects: {
      ...objects,
      loseAnswer: rate('lose answer', objects.loseAnswer, 0.2),
      doubleCall: rate('double call', objects.doubleCall, 0.6),
      slowCall: rate('slow call', objects.slowCall, 0.15),
      crashInCall: rate('crash in call', objects.crashInCall, 0.15),
      hangCall: rate('hung call', 0, 0.1),
    },
    network: { ...network, requestDies: rate('request dies', network.requestDies, 0.25) },
    kv,
  }
}

/** Each creation costs what a queued job may cost (contract section 8). */
export function measuredInLine(plan: Plan): Plan {
  const steps = plan.steps.map(({ after, action }) =>
    action.do === 'create' ? { after, action: itemOf(action, {}) } : { after, action }
  )
  return { ...plan, steps, hasLine: true }
}

function queued(chance: Chance, { after, action }: Step): Step {
  if (action.do !== 'create' || !chance.isHit('queued', 0.8)) return { after, action }
  return { after, action: itemOf(action, drawHow(chance)) }
}

function itemOf(creation: PlannedCreation, line: PlannedLine): PlannedItem {
  const { waits: _, ...planned } = creation
  return { ...planned, do: 'queue', line }
}

function drawHow(chance: Chance): PlannedLine {
  const cancelsAfterMs = chance.pick('cancelled after', [300, 5000, 120_000])
  return {
    ...(chance.isHit('has priority', 0.4) ? { priority: 1 + chance.index('priority', 5) } : {}),
    ...(chance.isHit('has deadline', 0.25)
      ? { startWithinMs: chance.pick('deadline', [2000, 60_000, 600_000, 7_200_000]) }
      : {}),
    ...(chance.isHit('second', 0.3) ? { isSecond: true } : {}),
    ...(chance.isHit('refused body', 0.08) ? { isRefused: true } : {}),
    ...(chance.isHit('unasked', 0.15) ? { isUnasked: true, isSecond: true } : {}),
    ...(chance.isHit('cancels', 0.15)
      ? { cancelsAfterMs, cancelsBy: chance.pick('cancelled by', ['queue', 'delete'] as const) }
      : {}),
  }
}

function drawLine(room: Room): Visit {
  const { chance, plan, at } = room
  const second = plan.tenants.map((_, tenant) =>
    at(0, { do: 'second token', tenant, terms: drawTerms(chance) })
  )
  const ends = chance.isHit('token ends', 0.4)
    ? [
        at(0.1 + 0.6 * chance.next('token ends when'), {
          ...{ do: 'end token', tenant: room.tenant() },
          how: chance.pick('token end', ['remove', 'expire', 'lapse'] as const),
          forMs: chance.between('lapsed for', 10_000, 900_000),
        }),
      ]
    : []
  const key = chance.isHit('line master key', 0.15)
    ? [at(chance.next('line master key when'), { do: 'rotate master key' })]
    : []
  const marks = plan.steps.flatMap(({ action }) => (action.do === 'queue' ? [action.mark] : []))
  const spies = Array.from({ length: marks.length > 0 ? 4 : 0 }, () =>
    at(0.1 + 0.5 * chance.next('line spies when'), {
      ...{ do: 'spy', tenant: room.tenant(), mark: chance.pick('line spied', marks) },
    })
  )
  const unheard = chance.isHit('line unheard', 0.35) ? drawUnheard(room) : []
  return {
    steps: [
      ...spies,
      ...unheard,
      ...second,
      ...drawBurst(room),
      ...ends,
      ...key,
      ...drawKling(room),
      ...drawMore(room, drawHow),
    ],
  }
}

function drawTerms(chance: Chance): PlannedTerms {
  return {
    ...(chance.isHit('second queues when full', 0.4) ? { whenFull: 'queue' } : {}),
    ...(chance.isHit('second has weight', 0.3)
      ? { weight: chance.pick('second weight', [1, 30, 100]) }
      : {}),
  }
}

/** The desk hears no report, or no pull, for longer than it is tried again. */
function drawUnheard({ chance, at }: Room): Step[] {
  return Array.from({ length: 5 }, () =>
    at(0.7 * chance.next('line unheard when'), {
      ...{ do: 'unreachable object', n: chance.index('line unheard by', 5) },
      forMs: chance.between('line unheard ms', 20_000, 300_000),
      method: chance.pick('line unheard method', ['report', 'report', 'takeWork', 'endUnstarted']),
    })
  )
}

/** Many at once, of one tenant. */
function drawBurst({ chance, plan, at, tenant }: Room): Step[] {
  const from = chance.next('burst from') * 0.5
  const whose = tenant()
  const count = chance.pick('burst items', [0, 6, 25])
  return Array.from({ length: count }, (_, n) => {
    const looks = chance.isHit('burst look', 0.15)
      ? { looks: chance.pick('burst look of', plan.accounts).name }
      : {}
    const planned: PlannedItem = {
      ...{ do: 'queue', tenant: whose, mark: `mark-${plan.seed}-${400 + n}`, kind: 'video' },
      ...{ isKeyed: chance.isHit('burst keyed', 0.2), isNamed: false, hasCallbackId: false },
      ...(chance.isHit('burst told', 0.3) ? { own: 'told' as const } : {}),
      ...{ languages: 1, polls: chance.index('burst polls', 3), line: drawHow(chance), ...looks },
    }
    return at(from + 0.01 * chance.next('burst when'), planned)
  })
}

function drawKling({ chance, plan, at, tenant }: Room): Step[] {
  if (!chance.isHit('line at kling', 0.3)) return []
  const whose = tenant()
  const added = ['kai', 'lee'].slice(0, 1 + chance.index('line kling accounts', 2)).map((name) =>
    at(0, {
      ...{ do: 'add kling', tenant: whose, name, hasPassword: false },
      maxJobs: 1 + chance.index('line kling limit', 3),
    })
  )
  const tasks = Array.from({ length: 3 + chance.index('line kling tasks', 8) }, (_, n) =>
    at(0.05 + 0.5 * chance.next('line kling when'), {
      ...{ do: 'kling task', tenant: whose, mark: `mark-${plan.seed}-${800 + n}` },
      form: chance.pick('line kling form', ['old', 'new', 'images', 'useapi'] as const),
      isKeyed: chance.isHit('line kling keyed', 0.4),
      isNamed: false,
      isTold: chance.isHit('line kling told', 0.6),
      polls: chance.index('line kling polls', 4),
      line: drawHow(chance),
    })
  )
  return [...added, ...tasks]
}
