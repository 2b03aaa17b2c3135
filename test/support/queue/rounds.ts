/** Plays a full pool round by round: what runs ends, HeyGen tells it, and the next ones of the line start. */
import { until, type Gateway } from '../gateway.ts'
import { startedJobs } from './started.ts'

/** Returns the titles in the order of their starts. `jobs`: how many start in all. `slots`: of the pool. */
export async function playRounds(gateway: Gateway, jobs: number, slots: number): Promise<string[]> {
  for (;;) {
    const before = (await startedJobs(gateway)).length
    if (before >= jobs) break
    await gateway.sim.finishJobs()
    const wanted = Math.min(jobs, before + slots)
    await until(async () => (await startedJobs(gateway)).length >= wanted)
  }
  const { jobs: all } = await gateway.sim.state()
  return all.map((job) => ('title' in job ? String(job.title) : ''))
}

/** The share of `mine` in the starts from `first` on until the last of `mine`. */
export function shareUntilDone(titles: string[], first: number, mine: (title: string) => boolean) {
  const last = titles.findLastIndex((title) => mine(title))
  const until = titles.slice(first, last + 1)
  return until.filter((title) => mine(title)).length / until.length
}
