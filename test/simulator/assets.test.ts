/** `assets/` in front of the Worker: what the platform serves, and that everything else still reaches the Worker untouched. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeAssets } from '../../scripts/lib/assets/write-assets.ts'
import { runWorker, type RunningWorker } from '../../scripts/lib/run-worker.ts'

const WORKER = `
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url)
    if (request.headers.get('upgrade') === 'websocket') {
      const [ours, theirs] = Object.values(new WebSocketPair())
      theirs.accept()
      theirs.addEventListener('message', ({ data }) => theirs.send('heard ' + data))
      return new Response(null, { status: 101, webSocket: ours })
    }
    if (pathname === '/endless') {
      request.signal.addEventListener('abort', () => console.warn('the client has gone'))
      const { readable, writable } = new TransformStream()
      const writer = writable.getWriter()
      const write = () => writer.write(new TextEncoder().encode('part')).catch(() => undefined)
      setInterval(write, 20)
      // Miniflare compresses text, and holds a compressed body back.
      return new Response(readable, { headers: { 'content-type': 'video/mp4' } })
    }
    const body = request.body ? await request.text() : null
    const range = request.headers.get('range')
    const headers = { 'x-method': request.method, 'content-range': 'bytes 0-3/10' }
    return Response.json({ pathname, range, body }, { status: range ? 206 : 200, headers })
  },
}`

describe('pages in front of the Worker', () => {
  let worker: RunningWorker
  const logs: string[] = []

  beforeAll(async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'assets-'))
    writeFileSync(path.join(folder, 'worker.js'), WORKER)
    const lines = [
      'name = "pages"',
      'main = "worker.js"',
      'compatibility_date = "2026-10-23"',
      'compatibility_flags = ["enable_request_signal"]',
      '[assets]',
      'directory = "assets"',
    ]
    writeFileSync(path.join(folder, 'wrangler.toml'), lines.join('\n'))
    mkdirSync(path.join(folder, 'assets'))
    await writeAssets(path.join(folder, 'assets'))
    worker = await runWorker({
      config: path.join(folder, 'wrangler.toml'),
      assets: true,
      onLog: ({ message }) => logs.push(message),
    })
  })
  afterAll(() => worker.dispose())

  const get = (place: string, init: RequestInit = {}) =>
    fetch(worker.url + place, { redirect: 'manual', ...init })

  it('the dashboard is served with a policy that allows nothing from elsewhere, and trusted types', async () => {
    const answer = await get('/dashboard')
    expect(answer.status).toBe(200)
    const policy = answer.headers.get('content-security-policy')
    expect(policy).toContain("default-src 'none'")
    expect(policy).toContain("require-trusted-types-for 'script'")
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
    const page = await answer.text()
    expect(page).not.toMatch(/<script(?![^>]*src=)|<style|\sstyle=|\son\w+=/)
    for (const [, file] of page.matchAll(/(?:href|src)="(\/[^"]+)"/g)) {
      expect((await get(file ?? '')).status, file).toBe(200)
    }
  })

  it('an address with a slash, or with .html, leads to the dashboard in one step', async () => {
    for (const place of ['/dashboard/', '/dashboard.html']) {
      const answer = await get(place)
      expect(answer.status).toBe(307)
      expect(answer.headers.get('location')).toBe('/dashboard')
    }
  })

  it('every path that is no file reaches the Worker, with method, body and range', async () => {
    for (const pathname of ['/', '/index.html', '/_headers', '/v1/heygen/accounts', '/a//b/']) {
      expect(await (await get(pathname)).json()).toMatchObject({ pathname })
    }
    const posted = await get('/v3/videos', { method: 'POST', body: '{"n":1}' })
    expect(posted.headers.get('x-method')).toBe('POST')
    expect(await posted.json()).toMatchObject({ body: '{"n":1}' })
    const part = await get('/file', { headers: { range: 'bytes=0-3' } })
    expect(part.status).toBe(206)
    expect(part.headers.get('content-range')).toBe('bytes 0-3/10')
    expect(await part.json()).toMatchObject({ range: 'bytes=0-3' })
  })

  it('a body is passed on while it is written, and the Worker learns that the client has gone', async () => {
    const abort = new AbortController()
    const answer = await get('/endless', { signal: abort.signal })
    const read = await answer.body?.getReader().read()
    expect(new TextDecoder().decode(read?.value)).toMatch(/^part/)
    abort.abort()
    await expect.poll(() => logs.join()).toContain('the client has gone')
  })

  it('a WebSocket is opened through it', async () => {
    const socket = new WebSocket(`${worker.url.replace('http', 'ws')}/live`)
    const heard = await new Promise((resolve, reject) => {
      socket.addEventListener('message', ({ data }) => resolve(data))
      socket.addEventListener('error', reject)
      socket.addEventListener('open', () => socket.send('hello'))
    })
    socket.close()
    expect(heard).toBe('heard hello')
  })
})
