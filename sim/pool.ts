/** Plays many plans in several processes, because a world takes the globals of its process. */
import { fork, type ChildProcess } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { Sabotage } from './platform/build.ts'
import type { Outcome } from './play.ts'
import type { PlayerAnswer, PlayerMessage, PlayerOrder, Task, TaskHow } from './player.ts'
import { joinReached, type ReachedFile } from './reached.ts'

export const CORES = availableParallelism()

/** For how long a plan may be played, in real ms. */
const LONGEST_MS = 600_000
const PLAYER = fileURLToPath(new URL('player.ts', import.meta.url))

/** Plays one plan at a time, in a process of its own. */
export class Player {
  readonly #order: PlayerOrder
  #process: ChildProcess | undefined

  constructor(order: Partial<PlayerOrder> = {}) {
    this.#order = { sabotages: [], isReachedCounted: false, ...order }
  }

  /** A plan at which the process ends, or that never ends, is a violation. The next plan gets another process. */
  async play(task: Task, how: TaskHow = {}): Promise<Outcome> {
    try {
      const answer = await this.#ask({ play: task, ...how })
      if ('outcome' in answer) return answer.outcome
      throw new Error('it said something else than an outcome')
    } catch (error) {
      this.kill()
      const seed = typeof task === 'number' ? task : task.seed
      const violations = [`error: the player: ${(error as Error).message}`]
      return { seed, violations, events: 0, hash: '', jobs: 0, lasted: 0, asked: {}, hits: [] }
    }
  }

  /** What was reached since the process was started. It ends. */
  async reached(): Promise<ReachedFile[]> {
    const answer = await this.#ask({ end: true })
    return 'reached' in answer ? answer.reached : []
  }

  kill(): void {
    this.#process?.kill('SIGKILL')
    this.#process = undefined
  }

  async #ask(message: PlayerMessage): Promise<PlayerAnswer> {
    if (!this.#process) {
      this.#process = fork(PLAYER, [JSON.stringify(this.#order)], {
        // Most of what a plan makes is thrown away at once: room for it spares a tenth of the time.
        execArgv: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=128'],
      })
      await answerOf(this.#process)
    }
    const answer = answerOf(this.#process)
    this.#process.send(message)
    return answer
  }
}

/** The next message of a process. */
function answerOf(child: ChildProcess): Promise<PlayerAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<PlayerAnswer>()
  const late = setTimeout(
    () => reject(new Error(`no answer after ${LONGEST_MS / 1000} s`)),
    LONGEST_MS
  )
  const died = (code: number | null) => reject(new Error(`its process ended with ${code}`))
  child.once('message', resolve)
  child.once('exit', died)
  return promise.finally(() => {
    clearTimeout(late)
    child.off('message', resolve)
    child.off('exit', died)
  })
}

interface Playing {
  processes: number
  sabotages?: readonly Sabotage[]
  isReachedCounted?: boolean
  before?: string | undefined
  /** In the order in which they end. */
  onOutcome(outcome: Outcome, task: Task): void
}

export async function playAll(tasks: readonly Task[], how: Playing): Promise<ReachedFile[]> {
  const { processes, sabotages = [], isReachedCounted = false, before, onOutcome } = how
  const left = tasks.values()
  const reached = await Promise.all(
    Array.from({ length: Math.min(processes, tasks.length) }, async () => {
      const player = new Player({
        ...{ sabotages, isReachedCounted },
        ...(before === undefined ? {} : { before }),
      })
      for (const task of left) onOutcome(await player.play(task), task)
      if (isReachedCounted) return player.reached()
      player.kill()
      return []
    })
  )
  return joinReached(reached.flat())
}
