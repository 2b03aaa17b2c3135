/** A process that plays plans for pool.ts: it gets one at a time, and answers with its outcome. Its last answer is what was reached. */
import { Session } from 'node:inspector/promises'
import { argv } from 'node:process'
import { kindOf } from './plans/kind.ts'
import { loadBuild, type Sabotage } from './platform/build.ts'
import { takeGlobals } from './platform/seams.ts'
import { drawPlan } from './plans/draw.ts'
import type { Plan } from './plans/plan.ts'
import { play, type Outcome } from './play.ts'
import { reachedIn, type ReachedFile } from './reached.ts'

/** How a player is started: as JSON in its first argument. */
export interface PlayerOrder {
  sabotages: readonly Sabotage[]
  isReachedCounted: boolean
  /** The folder of an earlier build. */
  before?: string
}

export type Task = number | Plan

/** How one plan is played. */
export interface TaskHow {
  /** The rest is not played once a promise of this kind is broken (plans/kind.ts). */
  until?: string
}

/** `end`: play no more, and say what was reached. */
export type PlayerMessage = ({ play: Task } & TaskHow) | { end: true }
export type PlayerAnswer = { ready: true } | { outcome: Outcome } | { reached: ReachedFile[] }

const order = JSON.parse(argv[2] ?? '{}') as PlayerOrder
const root = process.cwd()
const session = new Session()
if (order.isReachedCounted) {
  session.connect()
  await session.post('Profiler.enable')
  // Whether, not how often: code that was counted once may be made fast.
  await session.post('Profiler.startPreciseCoverage', { callCount: false, detailed: true })
}
takeGlobals()
const build = await loadBuild(root, order.sabotages)
if (order.before !== undefined) build.before = await loadBuild(order.before)
const say = (answer: PlayerAnswer, then: () => void = () => {}) =>
  process.send?.(answer, undefined, undefined, then)

async function follow(message: PlayerMessage): Promise<void> {
  if ('end' in message) {
    if (order.isReachedCounted) {
      const { result } = await session.post('Profiler.takePreciseCoverage')
      say({ reached: reachedIn(root, result) }, () => process.disconnect())
    } else process.disconnect()
    return
  }
  const { play: task, until } = message
  const isEnough = (broken: readonly string[]) => broken.some((text) => kindOf(text) === until)
  const plan = typeof task === 'number' ? drawPlan(task) : task
  say({ outcome: await play(build, plan, until === undefined ? {} : { isEnough }) })
}

process.on('message', (message: PlayerMessage) => void follow(message))
say({ ready: true })
