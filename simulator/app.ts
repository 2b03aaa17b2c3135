/** Passes each request on to whoever answers it: the control API, the files, Kling or HeyGen. */
import { control } from './control/calls.ts'
import { answerFile } from './files/serve-file.ts'
import { handleHeygen } from './heygen/calls/handle.ts'
import { settleDue } from './jobs/jobs.ts'
import { handleKling } from './kling/calls/handle.ts'
import type { State } from './state/state.ts'

export async function handleRequest(state: State, request: Request): Promise<Response> {
  const url = new URL(request.url)
  settleDue(state)
  if (url.pathname.startsWith('/__sim/')) return control(state, request, url)
  if (url.pathname.startsWith('/files/')) return answerFile(state, request, url)
  return (await handleKling(state, request, url)) ?? handleHeygen(state, request, url)
}
