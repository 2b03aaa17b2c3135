/**
 * A provider that is thrown away: the folder of docs/adding-a-provider.md, with the least that one needs. Its API:
 * `POST /jobs`, `GET /jobs`, `GET /jobs/{id}`, `GET /me`, keys in `X-Demo-Key`, errors as `{"oops": "…"}`.
 */
import * as z from 'zod'
import { SECURED, type Credential } from '#domain/accounts/account.ts'
import { textAt } from '#domain/text/json-pointer.ts'
import { matcher } from '#domain/routing/match-route.ts'
import { searchFor } from '#providers/shared/id-searches.ts'
import {
  countJobs,
  expectedJob,
  readJobs,
  readReports,
  routesByName,
  startOfLease,
} from '#providers/shared/table-jobs.ts'
import type {
  JudgedAnswer,
  Provider,
  ProviderAccounts,
  Route,
  Verdict,
} from '#providers/contract/provider.ts'
import { get, post } from '#providers/shared/row.ts'

const ROUTES: readonly Route[] = [
  get('/me', 'read-account'),
  post('/jobs', 'creates-job', {
    creates: ['/job/id'],
    job: { watch: 'job', id: '/job/id', ask: '/jobs/{id}' },
  }),
  get('/jobs/{id}', 'job-status', {
    pool: 'owner',
    ids: ['job! path:id'],
    reports: {
      watch: 'job',
      id: 'path:id',
      status: '/job/state',
      done: ['finished'],
      failed: ['broken'],
    },
  }),
  get('/jobs', 'read-account', { pool: 'merge', lists: ['/jobs/*/id'] }),
]
const BY_NAME = routesByName(ROUTES)
const match: Provider['match'] = matcher(ROUTES)

function judge({ status }: JudgedAnswer): Verdict {
  if (status >= 500) return { kind: 'unsure' }
  if (status === 429) return { kind: 'refused', reason: 'it is busy' }
  if (status === 401) {
    const detail = 'the provider refused its key'
    return { kind: 'park', order: { scope: 'all', reason: 'credential', detail } }
  }
  return { kind: status < 300 ? 'ok' : 'caller' }
}

function authorize(headers: Headers, { secrets }: Credential): void {
  headers.set('x-demo-key', secrets['apiKey'] ?? '')
}

const accounts: ProviderAccounts = {
  fields: { apiKey: z.string().optional() },
  readCredential({ apiKey }) {
    if (typeof apiKey !== 'string') return { ok: false, message: 'apiKey is required' }
    return { ok: true, credential: { kind: 'apiKey', secrets: { apiKey } }, field: 'apiKey' }
  },
  async prove(upstream, credential) {
    const headers = new Headers()
    authorize(headers, credential)
    const call = { method: 'GET', path: '/me', headers: Object.fromEntries(headers) }
    try {
      const { settings } = upstream
      const { status, text } = await upstream.send(originOf(settings), { ...call, timeoutMs: 9000 })
      const identity = status === 200 ? textAt(JSON.parse(text), '/id') : undefined
      return identity === undefined ? { ok: false, reason: 'refused' } : { ok: true, identity }
    } catch {
      return { ok: false, reason: 'unreachable', message: 'Demo could not be reached' }
    }
  },
  toView: ({ email, maxJobs }) => ({ email, session: {}, maxJobs, apiKey: SECURED }),
}

/** A provider that stays has a setting of its own; the test points this one at its fake. */
function originOf(settings: { heygenOrigin: string }): string {
  return settings.heygenOrigin
}

export const demo: Provider = {
  name: 'demo',
  maxJobsCeiling: () => 5,
  routes: ROUTES,
  match,
  origin: (_match, settings) => originOf(settings),
  takesIdempotencyKey: () => false,
  authorize,
  judge,
  countJobs,
  expectedJob,
  readJobs,
  creationAnswer: (_match, [start]) => ({ job: { id: start?.jobId, state: 'queued' } }),
  readReports,
  parkingOf: () => undefined,
  startOf: (lease, id) => startOfLease(BY_NAME, lease, id),
  finderOf: () => ({
    path: '/jobs',
    rows: '/jobs/*',
    id: '/id',
    title: '/title',
    createdAt: '/created_at',
    callbackId: '/ref',
  }),
  listOf: ({ pool }) =>
    pool === 'merge' ? { rows: ['/jobs'], totals: [], times: ['/created_at'] } : undefined,
  sumsOf: () => undefined,
  searchFor: (call, ref, id) => searchFor(match, {}, call, ref, id),
  clueOf(body) {
    const callbackId = textAt(body, '/ref')
    return callbackId === undefined ? {} : { callbackId }
  },
  errorBody: (_path, { message }) => ({ oops: message }),
  accounts,
}
