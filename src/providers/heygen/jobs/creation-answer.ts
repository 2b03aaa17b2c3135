/** Rebuilds HeyGen's answer to a creation from the job that was found (heygen-endpoints.json). */
import type { JobStart } from '#domain/slots/lease.ts'
import type { RouteMatch } from '#providers/contract/provider.ts'
import { setAt } from '#providers/shared/set-at.ts'

/** The status in the answer to a creation, by row. Most rows have none. */
const FIRST_WORDS: Record<string, string> = {
  'POST /v3/videos': 'waiting',
  'POST /v3/video-agents': 'generating',
  'POST /v3/background-removals': 'pending',
  'POST /v3/templates/{template_id}': 'pending',
  'POST /v3/hyperframes/renders': 'queued',
  'POST /v3/workflow-runs': 'pending',
  'POST /v3/video-translations/proofreads': 'processing',
  'POST /v3/video-translations/proofreads/{proofread_id}/generate': 'processing',
  'POST /v2/video_translate/proofread': 'processing',
  'POST /v2/video_translate/proofread/{proofread_id}/generate': 'pending',
  'POST /v1/workflows/executions': 'submitted',
  'POST /v1/workflows/graph-executions': 'submitted',
}

export function buildAnswer({ route }: RouteMatch, starts: readonly JobStart[]): object {
  const answer: Record<string, unknown> = { data: {} }
  const status = FIRST_WORDS[`${route.method} ${route.path}`]
  if (status !== undefined) setAt(answer, '/data/status', [status])
  const [place] = [route.job?.id ?? []].flat()
  const ids = starts.map((start) => start.jobId)
  // The answer does not contain an id that the request named.
  if (place?.startsWith('/')) setAt(answer, place, ids)
  const { alias } = route.job ?? {}
  const mark = alias && `${alias.watch}:`
  const watched = mark && starts[0]?.watch.slice(1).find((watch) => watch.startsWith(mark))
  if (alias && watched) setAt(answer, alias.id, [watched.slice(alias.watch.length + 1)])
  return { ...envelopeOf(route.path), ...answer }
}

function envelopeOf(path: string): object {
  if (path.startsWith('/v3/')) return {}
  if (path.startsWith('/v2/')) return { error: null }
  return { code: 100, error: null, message: 'Success' }
}
