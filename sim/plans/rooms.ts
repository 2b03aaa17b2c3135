/**
 * Rooms of the gateway that few calls reach. A plan visits one of them at most, in steps of its own beside the rest. Their questions
 * of chance have names of their own, so a new room changes nothing else in a plan.
 */
import { Chance } from '../world/chance.ts'
import { CALM, PLAIN_ORIGIN } from '../platform/universe.ts'
import { CALM_HEYGEN } from '../witness/books.ts'
import { CLIENT_ID } from '../witness/oauth.ts'
import type { Action, Plan, PlannedCreation, Step } from './plan.ts'

interface Visit extends Pick<Plan, 'vars' | 'hasOlder'> {
  steps: Step[]
}

interface Room {
  chance: Chance
  plan: Plan
  /** From 0 to 1: when in the storm. */
  at(part: number, action: Action): Step
  tenant(): number
}

/** Plans whose seeds end so are looked at again long after their end (draw.ts). */
export const LONG = 4

type Drawer = (room: Room) => Visit

const ROOMS: readonly Drawer[] = [
  drawFiles,
  drawKling,
  drawBackup,
  drawSignIns,
  drawAgents,
  drawAlerts,
  drawOlder,
  drawPages,
  drawLooks,
  drawCustomers,
]

/** Adds the steps of a room to a plan. */
export function withRoom(plan: Plan): Plan {
  const chance = new Chance(plan.seed)
  if (!chance.isHit('has room', 0.6)) return plan
  const room: Room = {
    ...{ chance, plan },
    at: (part, action) => ({ after: part * plan.rageMs, action }),
    tenant: () => chance.index('room tenant', plan.tenants.length),
  }
  const { steps, ...more } = chance.pick('room', ROOMS)(room)
  const all = [...plan.steps, ...steps].toSorted((one, other) => one.after - other.after)
  const visited = { ...plan, ...more, steps: all }
  return chance.isHit('gentle', 0.25) ? gentle(visited) : visited
}

const ROUGH = new Set<Action['do']>([
  ...(['remove', 'hand over', 'new key', 'refuse key', 'end tenant'] as const),
  ...(['unreachable object', 'kill isolate', 'crash object'] as const),
])

function gentle(plan: Plan): Plan {
  const { jobMs, jobFails, rowsMax } = plan.heygen
  return {
    ...plan,
    ...{ rates: CALM, isGentle: true },
    heygen: { ...CALM_HEYGEN, jobMs, jobFails, ...(rowsMax === undefined ? {} : { rowsMax }) },
    steps: plan.steps.filter(({ action }) => !ROUGH.has(action.do)),
  }
}

/** A creation as a room needs it; the rest is usual. */
function creation(
  { chance, plan }: Room,
  of: Pick<PlannedCreation, 'tenant' | 'mark' | 'kind'> & Partial<PlannedCreation>
): PlannedCreation {
  const isKeyed = chance.isHit('room keyed', 0.3)
  return {
    ...{ do: 'create', isKeyed, isNamed: false, hasCallbackId: false, languages: 1 },
    ...{ waits: chance.isHit('room waits', 0.5), polls: 1, askBy: plan.seed % 8 },
    ...(isKeyed && chance.isHit('room repeats', 0.5) ? { repeats: 'at once' as const } : {}),
    ...of,
  }
}

/** Accounts and tasks at Kling. */
function drawKling(room: Room): Visit {
  const { chance, plan, at } = room
  const tenant = room.tenant()
  const added = ['kai', 'lee', 'max'].slice(0, 1 + chance.index('kling accounts', 3)).map((name) =>
    at(0, {
      ...{ do: 'add kling', tenant, name, maxJobs: 2 + chance.index('kling limit', 3) },
      hasPassword: chance.isHit('kling password', 0.3),
    })
  )
  const tasks = Array.from({ length: 4 + chance.index('kling tasks', 8) }, (_, n) =>
    at(0.1 + 0.9 * chance.next('kling when'), {
      ...{ do: 'kling task', tenant, mark: `mark-${plan.seed}-${800 + n}` },
      form: chance.pick('kling form', ['old', 'new', 'images', 'useapi', 'picture'] as const),
      isKeyed: chance.isHit('kling keyed', 0.4),
      isNamed: chance.isHit('kling named', 0.4),
      isTold: chance.isHit('kling told', 0.6),
      polls: chance.index('kling polls', 5),
    })
  )
  const lists = [0.5, 0.95].map((part) => at(part, { do: 'list kling', tenant }))
  const signs = at(0.4, { do: 'sign own', tenant })
  const steps = [...added, ...tasks, ...lists, signs]
  // Nobody outside can call a gateway without https, so files go into bodies, and ends are asked for.
  const isPlain = chance.isHit('without https', 0.15)
  return isPlain ? { steps, vars: { PUBLIC_ORIGIN: PLAIN_ORIGIN } } : { steps }
}

/** Exports, a tenant that comes back, another master key. */
function drawBackup(room: Room): Visit {
  const { chance, at } = room
  const steps = [at(chance.next('export when'), { do: 'export and import' })]
  if (chance.isHit('restored', 0.6))
    steps.push(
      at(0.3 + 0.5 * chance.next('restore when'), {
        ...{ do: 'restore tenant', tenant: room.tenant() },
        againAfterMs: chance.between('restore again', 1000, 200_000),
      })
    )
  if (chance.isHit('master key', 0.5))
    steps.push(at(chance.next('master key when'), { do: 'rotate master key' }))
  return { steps }
}

/** Sign-ins of new people, and of people whose account has a key already. */
function drawSignIns(room: Room): Visit {
  const { chance, plan, at } = room
  const tenant = room.tenant()
  const own = plan.accounts.filter((one) => one.tenant === tenant).map(({ name }) => name)
  const people = ['ida', 'joe', 'kim', ...own.slice(0, 1)]
  const steps = people.slice(0, 1 + chance.index('sign-ins', people.length)).map((name) =>
    at(0.6 * chance.next('sign-in when'), {
      ...{ do: 'sign in', tenant, name, maxJobs: 1 + chance.index('signed-in limit', 3) },
      person: chance.pick('person', ['approves', 'approves', 'approves', 'refuses', 'forgets']),
      afterMs: chance.between('person after', 1000, 300_000),
      isCancelled: chance.isHit('sign-in cancelled', 0.15),
    })
  )
  return { steps, vars: { HEYGEN_OAUTH_CLIENT_ID: CLIENT_ID } }
}

/** Agents in each revision of their protocol. */
function drawAgents(room: Room): Visit {
  const { chance, plan, at } = room
  const revisions = ['2025-03-26', '2025-06-18', '2025-11-25', '2026-07-28'] as const
  const steps = Array.from({ length: 1 + chance.index('agents', 3) }, (_, n) =>
    at(0.8 * chance.next('agent when'), {
      ...{ do: 'agent', tenant: room.tenant(), mark: `mark-${plan.seed}-${700 + n}` },
      revision: chance.pick('revision', revisions),
    })
  )
  return { steps }
}

/** Alerts in each form, and faults: a refused key, a low balance, a receiver that is dead for days. */
function drawAlerts(room: Room): Visit {
  const { chance, plan, at } = room
  const added = (['generic', 'slack', 'discord'] as const).map((form) =>
    at(0.02, {
      ...{ do: 'add alert', tenant: room.tenant(), form },
      isOperator: chance.isHit('alert of operator', 0.3),
    })
  )
  const account = () => chance.pick('faulty', plan.accounts).name
  const faults = Array.from({ length: 1 + chance.index('faults', 3) }, () => {
    const forMs = chance.between('fault lasts', 60_000, 600_000)
    const kind = chance.pick('fault', ['refuse key', 'low balance'] as const)
    return at(0.1 + 0.4 * chance.next('fault when'), { do: kind, account: account(), forMs })
  })
  // Its last alert comes a week after the last delivery was given up: too late for a look a week after the end.
  const isDead = plan.seed % 10 !== LONG && chance.isHit('dead receiver', 0.3)
  const dead = plan.tenants.map((_, tenant) =>
    at(0, { do: 'fail endpoint', tenant, n: 0, forMs: 200 * 3_600_000 })
  )
  return { steps: [...added, ...faults, ...(isDead ? dead : [])] }
}

/** The older paths: HeyGen has them, or has ended them; the gateway finds out, or always carries them. */
function drawOlder(room: Room): Visit {
  const { chance, plan, at } = room
  const hasOlder = chance.isHit('has older', 0.6)
  const videos = Array.from({ length: 2 + chance.index('older videos', 4) }, (_, n) =>
    at(0.9 * chance.next('older when'), {
      ...{ do: 'older video', tenant: room.tenant(), mark: `mark-${plan.seed}-${600 + n}` },
      own: chance.isHit('older told', 0.5),
      polls: chance.index('older polls', 5),
    })
  )
  const streams = Array.from({ length: 1 + chance.index('streams', 3) }, () => {
    const isStopped = chance.isHit('stream stopped', 0.6)
    return at(0.9 * chance.next('stream when'), { do: 'stream', tenant: room.tenant(), isStopped })
  })
  return {
    ...{ steps: [...videos, ...streams], hasOlder },
    ...(hasOlder ? {} : { vars: { LEGACY: chance.pick('legacy', ['auto', 'bridge']) } }),
  }
}

/** Pages that look at the pool, of tenants and of the operator. */
function drawPages(room: Room): Visit {
  const { chance, at } = room
  const steps = Array.from({ length: 2 + chance.index('pages', 4) }, () =>
    at(0.8 * chance.next('page when'), {
      ...{ do: 'page', tenant: room.tenant(), isOperator: chance.isHit('page of operator', 0.3) },
      forMs: chance.between('page ms', 10_000, 900_000),
    })
  )
  return { steps }
}

/** Creations that name what only one account has: they must run there, although nobody told the gateway. */
function drawLooks(room: Room): Visit {
  const { chance, plan, at } = room
  const steps = Array.from({ length: 3 + chance.index('looks', 5) }, (_, n) => {
    const { name, tenant } = chance.pick('look of', plan.accounts)
    const mark = `mark-${plan.seed}-${500 + n}`
    const planned = creation(room, { tenant, mark, kind: 'video', looks: name })
    return at(0.8 * chance.next('look when'), planned)
  })
  return { steps }
}

/** Files on several accounts, and creations that name two of them. */
function drawFiles(room: Room): Visit {
  const { chance, plan, at } = room
  const tenant = room.tenant()
  const accounts = plan.accounts.filter((one) => one.tenant === tenant)
  const names = Array.from({ length: 2 + chance.index('files', 3) }, (_, n) => `file-${n}`)
  const uploads = names.map((file) => {
    const { name } = chance.pick('file of', accounts)
    const isTold = chance.isHit('file placed', 0.8)
    return at(0.1 * chance.next('file when'), {
      ...{ do: 'upload', tenant, file },
      ...(isTold ? { account: `${name}@example.com` } : {}),
    })
  })
  const creations = Array.from({ length: 3 + chance.index('file creations', 5) }, (_, n) => {
    const mark = `mark-${plan.seed}-${900 + n}`
    const files = [chance.pick('named file', names), chance.pick('named file', names)]
    return at(
      0.15 + 0.7 * chance.next('file creation when'),
      creation(room, { tenant, mark, kind: 'video', files })
    )
  })
  return {
    steps: [
      ...uploads,
      ...creations,
      ...(chance.isHit('copies lost', 0.4) ? [at(0.5, { do: 'lose copies' })] : []),
      ...(chance.isHit('file deleted', 0.5)
        ? [at(0.9, { do: 'delete file', file: chance.pick('deleted file', names) })]
        : []),
    ],
  }
}

/** Two customers of one tenant, who must not see each other. */
function drawCustomers(room: Room): Visit {
  const { chance, plan, at } = room
  const place = room.tenant()
  const steps = Array.from({ length: 1 + chance.index('customers', 2) }, (_, n) => {
    const marks = [0, 1, 2, 3].map((one) => `mark-${plan.seed}-${400 + 4 * n + one}`)
    const kind = chance.pick('customers make', ['video', 'translation', 'lipsync'])
    return at(0.5 * chance.next('customers when'), {
      ...{ do: 'customers', tenant: place, place, marks, kind },
    })
  })
  return { steps }
}
