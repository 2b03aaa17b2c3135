/** Reads, checks and sends the API key of an account. */
import * as z from 'zod/mini'
import { SECURED, type Credential } from '#domain/accounts/account.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import type { ProviderAccounts } from '#providers/contract/provider.ts'
import { askJson } from '#providers/shared/ask-json.ts'

export const accounts: ProviderAccounts = {
  fields: { apiKey: z.optional(z.string()) },
  maxJobsLimit: () => 5,
  readCredential({ apiKey }) {
    if (typeof apiKey !== 'string') return { ok: false, message: 'apiKey is required' }
    return { ok: true, credential: { kind: 'apiKey', secrets: { apiKey } }, field: 'apiKey' }
  },
  async prove(upstream, credential) {
    const headers = new Headers()
    authorize(headers, credential)
    const question = { method: 'GET', path: '/me', headers }
    const { status, body } = await askJson(upstream, upstream.settings.heygenOrigin, question)
    const identity = status === 200 ? textAt(body, '/id') : undefined
    if (identity !== undefined) return { ok: true, identity }
    if (status !== 0) return { ok: false, reason: 'refused' }
    return { ok: false, reason: 'unreachable', message: 'Demo could not be reached' }
  },
  authorize,
  toView: ({ email, maxJobs }) => ({ email, session: {}, maxJobs, apiKey: SECURED }),
}

function authorize(headers: Headers, { secrets }: Credential): void {
  headers.set('x-demo-key', secrets['apiKey'] ?? '')
}
