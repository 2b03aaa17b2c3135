/** Rows that a token which sees only its own may not call, although the columns of the table would let it. */
import type { Route } from '#providers/contract/provider.ts'

const GRAPH =
  'A workflow may name anything of its account, so a token that sees only its own may not use workflows.'
const WHOLE = 'This is about whole accounts, and this token sees only its own.'
const CONTACTS =
  'A project of personalized videos has contacts of its account, so a token that sees only its own may not use it.'

const CLOSED: Record<string, string> = {
  'POST /v1/workflows/executions': GRAPH,
  'POST /v1/workflows/graph-executions': GRAPH,
  'GET /v1/workflows/executions/{execution_id}': GRAPH,
  'POST /v1/streaming.create_token':
    'A stream token opens every session of an account, so a token that sees only its own gets none.',
  'PATCH /v3/avatars/{group_id}':
    'The voice in this call may be of others, so a token that sees only its own may not change groups.',
  'PUT /v3/templates/{template_id}/variables':
    'Variables may name anything of their account, so a token that sees only its own may not set them.',
}

export function closedToOwn({ method, path }: Route): string | undefined {
  if (/^\/v3\/workflow(s|-runs)(\/|$)/.test(path) && !path.endsWith('/node-types')) return GRAPH
  if (path.startsWith('/v1/personalized_video/')) return CONTACTS
  if (path === '/v3/webhooks/events' || path === '/v3/brand-kits') return WHOLE
  return CLOSED[`${method} ${path}`]
}
