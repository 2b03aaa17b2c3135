/** The published SDK, unmodified. Around it: a browser's globals, and a LiveKit room that joins nothing. */
import { registerHooks } from 'node:module'
import { expect, test } from 'vitest'
import type { Gateway } from '../support/gateway.ts'
import { gatewaysOfFile } from '../support/gateways-of-file.ts'
import { limitedBy } from '../support/scenes/tokens/limits.ts'

const gatewayWith = gatewaysOfFile()

const ROOM = new URL('./livekit-room.mjs', import.meta.url).href

registerHooks({
  resolve(name, context, next) {
    if (name === 'livekit-client?real') return next('livekit-client', context)
    const isSdk = context.parentURL?.includes('streaming-avatar') === true
    return name === 'livekit-client' && isSdk
      ? { url: ROOM, shortCircuit: true }
      : next(name, context)
  },
})

interface Avatar {
  createStartAvatar(request: object): Promise<{ session_id: string }>
  on(event: string, listener: (event: { detail: unknown }) => void): void
  webSocket: WebSocket
  speak(request: object): Promise<{ task_id: string }>
  keepAlive(): Promise<unknown>
  interrupt(): Promise<unknown>
  stopAvatar(): Promise<unknown>
}

interface Sdk {
  default: new (options: object) => Avatar
}

/** What bundlers take: the package's `main` does not load in Node. */
const SDK = '@heygen/streaming-avatar/lib/index.esm.js'
const START = { quality: 'low', avatarName: 'Wayne_20240711' }

/** The SDK in a page of the client whose token it is. */
async function avatarOf(gateway: Gateway, prefix = ''): Promise<Avatar> {
  const made = await gateway.fetch(`${prefix}/v1/streaming.create_token`, { method: 'POST' })
  const { token } = ((await made.json()) as { data: { token: string } }).data
  const sdk = (await import(SDK as string)) as Sdk
  return new sdk.default({ token, basePath: gateway.url + prefix })
}

/** The SDK speaks TLS to the host of `basePath` and drops its port, so its socket is led to where the gateway is. */
function likeABrowser(url: string, opened: string[]): void {
  const Socket = globalThis.WebSocket
  class LedSocket extends Socket {
    constructor(address: string) {
      opened.push(address)
      super(address.replace(/^wss:\/\/[^/]+/, url.replace('http', 'ws')))
    }
  }
  const globals = { window: globalThis, MediaStream: class {}, RTCPeerConnection: class {} }
  Object.assign(globalThis, globals, { WebSocket: LedSocket })
}

test.each([
  ['', {}],
  ['/heygen', {}],
  ['', { whenFull: 'queue' }],
] as const)(
  'the published SDK opens, talks, chats and stops with basePath %j and a token with %j',
  async (prefix, limits) => {
    const pool = await gatewayWith({ accounts: { a: 1, b: 1 } })
    const { as: gateway } = await limitedBy(pool, limits)
    const opened: string[] = []
    likeABrowser(gateway.url, opened)
    const avatar = await avatarOf(gateway, prefix)
    const heard = new Promise((resolve) => avatar.on('user_start', ({ detail }) => resolve(detail)))
    const session = await avatar.createStartAvatar(START)
    expect(session).toMatchObject({ session_id: expect.any(String) })
    expect(await gateway.heldSlots()).toBe(1)
    expect(opened[0]).toContain(`/v1/ws/streaming.chat?session_id=${session.session_id}&`)
    avatar.webSocket.send('{"event_type":"user_start"}')
    expect(await heard).toEqual({ event_type: 'user_start' })
    const spoken = await avatar.speak({ text: 'Hi', taskType: 'repeat', taskMode: 'sync' })
    expect(spoken).toMatchObject({ task_id: expect.any(String) })
    await avatar.keepAlive()
    await avatar.interrupt()
    await avatar.stopAvatar()
    expect(await gateway.heldSlots()).toBe(0)
    const seen = (await gateway.sim.requests()).filter(({ path }) => path.includes('streaming'))
    expect(new Set(seen.map(({ account }) => account)).size).toBe(1)
    expect(JSON.stringify(seen)).not.toContain('hgs_')
  }
)

test('in a full pool the published SDK is refused at once also with a token that queues: sessions are never queued', async () => {
  const pool = await gatewayWith({ accounts: { a: 1 }, simVars: { JOB_MS: '-1' } })
  const { as: gateway } = await limitedBy(pool, { whenFull: 'queue' })
  expect((await gateway.createVideo()).status).toBe(200)
  likeABrowser(gateway.url, [])
  const avatar = await avatarOf(gateway)
  await expect(avatar.createStartAvatar(START)).rejects.toMatchObject({ status: 429 })
  const queue = await gateway.fetch('/v1/heygen/queue')
  expect(await queue.json()).toMatchObject({ waiting: 0, starting: 0 })
  // A creation of a job is queued there.
  const answer = await gateway.createVideo()
  expect(await answer.json()).toMatchObject({ data: { status: 'waiting' } })
})
