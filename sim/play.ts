/** Plays a plan to its end: sets up, storms, waits until everything is over, and has the checkers look. */
import type { Build } from './platform/build.ts'
import type { Hit } from './world/chance.ts'
import { Party } from './world/party.ts'
import { Universe } from './platform/universe.ts'
import { Events } from './witness/events.ts'
import { Heygen } from './witness/heygen.ts'
import { Kling } from './witness/kling.ts'
import { Receivers } from './witness/receivers.ts'
import { atOnce, atRest } from './checkers/check.ts'
import { emptyScene } from './clients/scene.ts'
import { playOut } from './play-out.ts'
import { recorded } from './checkers/bytes.ts'
import { storyOf, type Story } from './story.ts'
import type { Plan } from './plans/plan.ts'

export interface Outcome {
  seed: number
  violations: string[]
  events: number
  hash: string
  jobs: number
  /** Virtual ms. */
  lasted: number
  /** How often each question of chance was asked in the storm. */
  asked: Record<string, number>
  /** What went wrong by chance, so that a plan without rates can repeat it. */
  hits: Hit[]
  /** Who was served, and what was told. */
  story?: Story
}

export interface PlayHow {
  /** Is given each line of what happens. */
  trace?: ((line: string) => void) | undefined
  /** Asked after each turn whether what was found is enough. Then the rest is not played. */
  isEnough?: (violations: readonly string[]) => boolean
}

const HOUR_MS = 3_600_000

export async function play(
  build: Build,
  plan: Plan,
  { trace, isEnough }: PlayHow = {}
): Promise<Outcome> {
  const universe = new Universe(build, plan)
  const { world } = universe
  world.trace = trace
  const receivers = new Receivers(world)
  const heygen = new Heygen(world, new Events(world, (call) => universe.call(call)))
  heygen.hasOlder = plan.hasOlder === true
  const kling = new Kling(world, (call) => universe.call(call))
  universe.network.servers.set('api-singapore.klingai.com', kling)
  universe.network.servers.set('id.klingai.com', kling.website)
  universe.network.servers.set('app.example.com', receivers)
  const scene = emptyScene({ plan, universe, heygen, kling, receivers })
  universe.network.servers.set('api.heygen.com', recorded(scene, heygen))
  universe.network.servers.set('api2.heygen.com', heygen.oauth)
  universe.network.servers.set('files.example.com', heygen.files)
  world.afterTurn.push(() => atOnce(scene))
  const isFound = () => isEnough?.(scene.violations) === true
  const players = new Party('clients')
  let isOver = false
  players.run(() =>
    playOut(scene)
      .then(() => atRest(scene))
      .then(
        () => (isOver = true),
        (error: unknown) => {
          isOver = true
          scene.violations.push(`the plan could not be played: ${String((error as Error).stack)}`)
        }
      )
  )
  await world.run(world.now + 200 * 24 * HOUR_MS, () => isOver || isFound())
  if (world.stuck !== undefined) scene.violations.push(world.stuck)
  else if (!isOver && !isFound())
    scene.violations.push(`the plan has no end: ${heygen.running.length} ${heygen.events.open}`)
  const { events, errors } = world
  const outcome = {
    seed: plan.seed,
    violations: [...scene.violations, ...errors.map((error) => `error: ${error}`)],
    events,
    hash: world.hash(),
    jobs: heygen.jobs.size,
    lasted: world.sinceStart,
    asked: universe.asked,
    hits: world.chance.hits,
    ...(plan.isCompared === true ? { story: storyOf(scene) } : {}),
  }
  universe.close()
  return outcome
}
