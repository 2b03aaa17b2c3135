/**
 * The same as token.ts, with what a gateway owes besides: a request id, a limit on the time until the provider's headers, an end of
 * the call when the client leaves, and one line of the log that is written also then. It has no accounts, errors or retries.
 */
import { Hono } from 'hono'
import { answerHeaders, credentialOf, headersFor, upstreamUrl, type BareEnv } from './shared.ts'

const HEADERS_WITHIN_MS = 100_000

const app = new Hono<{ Bindings: BareEnv }>()
app.use(async (c, next) => {
  const id = crypto.randomUUID()
  const startedAt = Date.now()
  const logged = next().then(() => {
    const { status } = c.res
    const line = { event: 'request', level: 'info', requestId: id, method: c.req.method, status }
    console.log(JSON.stringify({ ...line, ownMs: Date.now() - startedAt }))
  })
  c.executionCtx.waitUntil(logged)
  await logged
  c.res.headers.set('x-request-id', id)
  c.res.headers.set('x-content-type-options', 'nosniff')
  c.res.headers.set('cache-control', 'no-store')
})
app.all('*', async (c) => {
  const request = c.req.raw
  const credential = await credentialOf(request, c.env)
  if (credential === undefined) return c.json({ error: 'unauthorized' }, 401)
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(), HEADERS_WITHIN_MS)
  const answer = await fetch(upstreamUrl(request, c.env), {
    method: request.method,
    headers: headersFor(request, credential),
    body: request.body,
    redirect: 'manual',
    signal: AbortSignal.any([request.signal, late.signal]),
  }).finally(() => clearTimeout(timer))
  return new Response(answer.body, { status: answer.status, headers: answerHeaders(answer) })
})

export default app
