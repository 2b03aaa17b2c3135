/** The plans of storms: a small one for `npm test`, a big one for `npm run test:full` and `npm run soak`. */
import type { StormPlan, StormReport } from './storm.ts'
import { givenSeed } from '../witness/witness-random.ts'

/** `npm test` makes the same choices each time, but the timing of the machine differs. `npm run test:full` chooses at random. */
const USUAL_SEED = 495718

export function smallStorm(world: StormPlan['world']): StormPlan {
  return {
    world,
    seed: process.env.STORM_SEED || process.env.FULL === '1' ? givenSeed() : USUAL_SEED,
    jobs: 120,
    clients: 20,
    accounts: { ada: 8, bob: 6, eve: 6, joe: 5, kim: 5, zoe: 6 },
    // A creation has 1.1 s. A job whose end is announced by an event gets its first status check after 7.5 s.
    timeScale: 80,
    jobMs: 250,
    lateMs: 8000,
    killAt: [50],
    lostAtKill: 4,
    deadForMs: 2500,
    flakyTimes: 2,
    troubleEveryMs: 1500,
    troubleForMs: 2000,
    tailMs: 60_000,
    idleMs: 2500,
  }
}

export function bigStorm(world: StormPlan['world'], { jobs = 3000 } = {}): StormPlan {
  return {
    world,
    seed: givenSeed(),
    jobs,
    clients: 60,
    accounts: { ada: 10, bob: 10, eve: 10, joe: 8, kim: 8, zoe: 10 },
    timeScale: 60,
    jobMs: 1000,
    lateMs: 11_000,
    killAt: Array.from({ length: 10 }, (_, n) => Math.round((jobs * (n + 0.5)) / 10)),
    lostAtKill: 10,
    deadForMs: 30_000,
    flakyTimes: 4,
    troubleEveryMs: 4000,
    troubleForMs: 15_000,
    tailMs: 240_000,
    idleMs: 20_000,
  }
}

/** The report as text for people, and the number of broken promises. */
export function printed({ broken, numbers }: StormReport): { text: string; count: number } {
  const failures = Object.entries<string[]>({ ...broken }).filter(([, found]) => found.length > 0)
  const lines = failures.flatMap(([promise, found]) => [
    `${promise}: ${found.length}, for instance`,
    ...found.slice(0, 12).map((one) => `  ${one}`),
  ])
  const last = failures.length === 0 ? 'As promised.' : `${failures.length} promises broken.`
  const counted = JSON.stringify(numbers)
  return { text: [counted, ...lines, last].join('\n'), count: failures.length }
}
