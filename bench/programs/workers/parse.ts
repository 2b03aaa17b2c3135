/** Bare Hono that passes a call on, and reads and parses the answer on its way back. */
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
  const text = await answer.text()
  const { data } = JSON.parse(text) as { data?: unknown }
  return data === undefined ? c.json({ error: 'no data' }, 502) : new Response(text, answer)
})

export default app
