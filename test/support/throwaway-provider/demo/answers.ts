/** Says what each answer of the provider means, and writes errors in its shape. */
import type { ProviderAnswers } from '#providers/contract/provider.ts'

export const answers: ProviderAnswers = {
  judge({ status }) {
    if (status >= 500) return { kind: 'unsure' }
    if (status === 429) return { kind: 'refused', reason: 'it is busy' }
    if (status === 401) {
      const detail = 'the provider refused its key'
      return { kind: 'park', order: { scope: 'all', reason: 'credential', detail } }
    }
    return { kind: status < 300 ? 'ok' : 'caller' }
  },
  errorBody: (_path, { message }) => ({ oops: message }),
}
