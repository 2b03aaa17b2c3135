/** Bare Hono: passes every call on as it is. */
import { Hono } from 'hono'
import { upstreamUrl, type BareEnv } from './shared.ts'

const app = new Hono<{ Bindings: BareEnv }>()
app.all('*', async (c) => {
  const { method, headers, body } = c.req.raw
  const answer = await fetch(upstreamUrl(c.req.raw, c.env), {
    method,
    headers,
    body,
    redirect: 'manual',
  })
  return new Response(answer.body, answer)
})

export default app
