/** Queues creations at a gateway's front door, and reads what the simulator started. */
import type { Gateway } from '../gateway.ts'
import type { SimJob } from '../simulator.ts'

export const QUEUED = { prefer: 'respond-async' }

/** A job as the simulator counts it. Times are epoch ms of its own clock. */
export interface StartedJob extends SimJob {
  title: string | null
  startedAt: number
  endsAt: number | null
}

/** Puts a video into the line. Returns the gateway's name for it. */
export async function queueVideo(
  gateway: Gateway,
  title: string,
  headers: Record<string, string> = {},
  more: Record<string, unknown> = {}
): Promise<string> {
  const answer = await gateway.createVideo({ title, ...more }, { ...QUEUED, ...headers })
  if (answer.status !== 202) throw new Error(`${title}: ${answer.status} ${await answer.text()}`)
  return ((await answer.json()) as { data: { video_id: string } }).data.video_id
}

/** The provider's word for the state of a job, as a client's poll shows it. */
export async function wordOf(gateway: Gateway, name: string): Promise<string> {
  const answer = await gateway.fetch(`/heygen/v3/videos/${name}`)
  const { data } = (await answer.json()) as { data?: { status: string } }
  return data?.status ?? String(answer.status)
}

/** What was started at the provider, the oldest first. */
export async function startedJobs({ sim }: Pick<Gateway, 'sim'>): Promise<StartedJob[]> {
  const { jobs } = await sim.state()
  return (jobs as StartedJob[]).toSorted((one, other) => one.startedAt - other.startedAt)
}

export async function startedTitles(gateway: Pick<Gateway, 'sim'>): Promise<string[]> {
  return (await startedJobs(gateway)).map(({ title }) => title ?? '')
}
