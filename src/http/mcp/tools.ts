/** The tools of `/mcp` for the providers of this gateway, and what agents read before they use them. */
import type { Arguments, Field } from '#domain/mcp/tool.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { jobTools } from './job-tools.ts'
import { poolTools } from './pool-tools.ts'
import { providerTools } from './provider-tools.ts'
import type { Tool } from './tool-call.ts'

export const INSTRUCTIONS =
  'Makes videos on a pool of accounts. Find an avatar (list_avatars) and a voice (list_voices), call make_video once with an idempotency_key of your own, then wait_for_job until done is true. make_video spends credits; all other tools are free.'

export function toolsFor(providers: readonly Provider[]): Tool[] {
  const names = providers.map(({ name }) => name)
  const choice: Field = {
    type: 'string',
    enum: names,
    ...(names[0] === undefined ? {} : { default: names[0] }),
    description: 'Whose accounts and jobs',
  }
  const input: Record<string, Field> = names.length > 1 ? { provider: choice } : {}
  const providerOf = (given: Arguments) => {
    const found = providers.find(({ name }) => name === given['provider']) ?? providers[0]
    if (!found) throw new Error('there is no provider')
    return found
  }
  return [
    ...providers.flatMap(providerTools),
    ...jobTools(input, providerOf),
    ...poolTools(input, providerOf),
  ]
}
