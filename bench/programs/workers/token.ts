/** Bare Hono that hashes a token, looks it up, swaps the header set both ways and puts the credential in. */
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
  return new Response(answer.body, { status: answer.status, headers: answerHeaders(answer) })
})

export default app
