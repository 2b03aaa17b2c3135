/** Bare Hono that does both: token, header sets and credential as in token.ts, and the answer read and parsed as in parse.ts. */
import { Hono } from 'hono'
import { answerHeaders, credentialOf, headersFor, upstreamUrl, type BareEnv } from './shared.ts'

const app = new Hono<{ Bindings: BareEnv }>()
app.all('*', async (c) => {
  const request = c.req.raw
  const credential = await credentialOf(request, c.env)
  if (credential === undefined) return c.json({ error: 'unauthorized' }, 401)
  const answer = await fetch(upstreamUrl(request, c.env), {
    method: request.method,
    headers: headersFor(request, credential),
    body: request.body,
    redirect: 'manual',
  })
  const text = await answer.text()
  const { data } = JSON.parse(text) as { data?: unknown }
  if (data === undefined) return c.json({ error: 'no data' }, 502)
  return new Response(text, { status: answer.status, headers: answerHeaders(answer) })
})

export default app
