/** Tools that are one call of a provider, such as making a video. The provider's part `agents` says which. */
import type { AgentTool, Provider } from '#providers/contract/provider.ts'
import { accepted, toResult, type Tool } from './tool-call.ts'

/** What an agent should do after a refusal, by the gateway's error code. */
const ADVICE = {
  slots_full:
    'All slots are taken by running jobs. Nothing was started. Wait for a job to end, or give wait_for_slot_seconds, or queue: true.',
  no_accounts: 'The operator has to add an account first.',
  outcome_unknown:
    'It may have started and cost credits. Do not start it again under another key: call get_job with key:<idempotency_key>, or list_jobs, until the outcome is known.',
  request_in_progress: 'The first call under this key still runs. Nothing was started twice.',
}

export function providerTools({ name, agents }: Provider): Tool[] {
  return (agents?.tools ?? []).map((tool) => toTool(name, tool))
}

function toTool(provider: string, { call, read, ...form }: AgentTool): Tool {
  return {
    ...form,
    needs: 'use',
    async run(given, { ask }) {
      const { method, path, body, headers = {} } = call(given)
      const more = { headers, ...(body === undefined ? {} : { body }) }
      const answer = await ask(method, `/${provider}${path}`, more)
      const json = accepted(answer, ADVICE)
      return toResult(read(json, (header) => answer.headers.get(header)))
    },
  }
}
