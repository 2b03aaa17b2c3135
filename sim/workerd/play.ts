/** Plays a plan at a Worker in workerd, beside others, with the clients, the HeyGen and the checkers of the simulation. */
import { recorded } from '../checkers/bytes.ts'
import { atOnce, seenFromOutside } from '../checkers/check.ts'
import { secretsOf } from '../checkers/secrets.ts'
import { emptyScene } from '../clients/scene.ts'
import { playOut } from '../play-out.ts'
import type { Plan } from '../plans/plan.ts'
import { storyOf, type Story } from '../story.ts'
import { Events } from '../witness/events.ts'
import { Heygen } from '../witness/heygen.ts'
import { Kling } from '../witness/kling.ts'
import { Receivers } from '../witness/receivers.ts'
import { RealWorld } from '../world/real-world.ts'
import { WorkerdFront } from './front.ts'
import type { Outside } from './outside.ts'
import type { Workerd } from './workerd.ts'

export interface Stage {
  workerd: Workerd
  outside: Outside
  scale: number
  /** A plan wants workerd to be killed. */
  kill(): void
  /** Plans that are being played, and their jobs so far. */
  playing: Map<number, { jobs: () => number }>
}

export interface Played {
  plan: Plan
  violations: string[]
  jobs: number
  story: Story
  /** What nothing that the gateway keeps may hold. */
  secrets: string[]
}

export async function playAt(stage: Stage, plan: Plan): Promise<Played> {
  const { workerd, outside, scale, playing } = stage
  const world = new RealWorld(plan.seed, scale)
  const universe = new WorkerdFront(world, workerd, {
    ...{ seed: plan.seed, receiver: outside.receiverOf(plan.seed) },
    kill: () => stage.kill(),
  })
  const receivers = new Receivers(world)
  const heygen = new Heygen(world, new Events(world, (call) => universe.call(call)))
  heygen.hasOlder = plan.hasOlder === true
  const kling = new Kling(world, (call) => universe.call(call))
  const scene = emptyScene({ plan, universe, heygen, kling, receivers })
  universe.network.servers.set('app.example.com', receivers)
  universe.network.servers.set('api.heygen.com', recorded(scene, heygen))
  world.afterTurn.push(() => atOnce(scene))
  outside.byPlan.set(plan.seed, universe.network)
  for (const { name } of plan.accounts) outside.byAccount.set(name, universe.network)
  playing.set(plan.seed, { jobs: () => heygen.jobs.size })
  const { kills } = workerd
  try {
    await playOut(scene)
    // What a kill has made late is looked for from then on.
    if (workerd.kills > kills) scene.calmAt = world.now
    await seenFromOutside(scene)
  } catch (error) {
    scene.violations.push(`the plan could not be played: ${String((error as Error).stack)}`)
  }
  playing.delete(plan.seed)
  const story = storyOf(scene)
  return {
    ...{ plan, jobs: heygen.jobs.size, story },
    violations: [
      ...scene.violations.map((text) => `${text}${storiesIn(text, story)}`),
      ...world.errors.map((error) => `error: ${error}`),
    ],
    secrets: [...secretsOf(scene)],
  }
}

/** It will not happen again in the same way, so what came of the creations that it names is said at once. */
function storiesIn(text: string, { creations }: Story): string {
  const marks = new Set(text.match(/\bmark-\d+-\d+/g))
  return [...marks].map((mark) => ` | ${mark}: ${JSON.stringify(creations[mark])}`).join('')
}
