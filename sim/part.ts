/** A process of `npm run sim`: plays the seeds that it is sent, and tells of each. */
import { loadBuild } from './platform/build.ts'
import { takeGlobals } from './platform/seams.ts'
import { drawPlan } from './plans/draw.ts'
import { play } from './play.ts'
import type { Part, Told } from './many.ts'
import { startReaching } from './reached.ts'

const tell = (told: Told) => void process.send?.(told)

process.once('message', (part: Part) => void playAll(part))

async function playAll({ seeds, isTwice }: Part): Promise<void> {
  const reaching = startReaching()
  takeGlobals()
  const root = process.cwd()
  const build = await loadBuild(root)
  for (const seed of seeds) {
    const outcome = await play(build, drawPlan(seed))
    const again = isTwice ? await play(build, drawPlan(seed)) : outcome
    if (again.hash !== outcome.hash)
      outcome.violations.push(`two hashes: ${outcome.hash} ${again.hash}`)
    tell({ outcome })
  }
  tell({ reached: reaching(root) })
}
