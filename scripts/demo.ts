/**
 * `npm run demo`: plays a client against the simulator and checks each step. There are two accounts, with two and three slots. The
 * client creates eight videos at once. Five are accepted, the others as slots become free. Then it downloads one file.
 *
 * It uses the `npm start` that runs on this folder. If there is none, it starts a gateway and a simulator, and stops them at the end.
 * To use others, set GATEWAY_URL, GATEWAY_TOKEN (the ADMIN_TOKEN, since the demo makes a tenant of its own) and SIMULATOR_URL.
 */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  expectStatus,
  findRunning,
  findSecrets,
  localFolder,
  newSecrets,
  openLocalStack,
  send,
  stopOnSignals,
} from './lib/local-stack.ts'

const LIMITS = [2, 3]
const VIDEOS = 8
const SLOTS = LIMITS.reduce((sum, limit) => sum + limit)
const DEADLINE_MS = 90_000
const POLL_MS = 400
const JOB_MS = 4000

interface Stage {
  gatewayUrl: string
  simulatorUrl: string
  adminToken: string
}

interface Account {
  email: string
  apiKey: string
  maxJobs: number
}

interface Video {
  id: string
  account: string
  status: string
  createdAt: number
  endedAt?: number
  url?: string
}

type Creation = { video: Video } | { retryAfter: string }

/** What to undo at the end, in reverse order, even if Ctrl-C ends the demo. */
const undo: (() => unknown)[] = []

/** The progress line that was shown last. */
let line = ''

stopOnSignals(() => cleanUp().then(() => 130))
try {
  await main()
} catch (error) {
  endLine()
  console.error(`The demo failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
await cleanUp().catch((error: unknown) => {
  console.error(`The demo could not clean up after itself: ${String(error)}`)
  process.exitCode = 1
})
process.exit()

async function main(): Promise<void> {
  const startedAt = Date.now()
  const stage = await openStage()
  const token = await makeTenant(stage)
  const accounts = await addAccounts(stage, token)
  const videos = await createAll(stage, token, accounts)
  await finishAll(stage, token, videos)
  await download(videos)
  await askWitness(stage, accounts)
  console.log(`\n${toTable(videos)}\n`)
  const seconds = toSeconds(Date.now() - startedAt)
  console.log(`As promised: ${VIDEOS} videos on ${SLOTS} slots in ${seconds} s, none over a limit.`)
}

async function openStage(): Promise<Stage> {
  const stage = findGivenStage() ?? findRunningStage()
  if (stage) {
    say(`Using the gateway at ${stage.gatewayUrl}`)
    return stage
  }
  say('Starting a gateway and a simulator for this demo')
  const folder = mkdtempSync(path.join(tmpdir(), 'heygen-gateway-demo-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const secrets = newSecrets()
  const stack = await openLocalStack({ folder, secrets, jobMs: JOB_MS })
  undo.push(stack.dispose)
  stopOnSignals(() => cleanUp().then(() => 130)) // Miniflare has replaced the handlers that were set before.
  return { ...stack, adminToken: secrets.ADMIN_TOKEN }
}

function findGivenStage(): Stage | undefined {
  const { GATEWAY_URL, GATEWAY_TOKEN, SIMULATOR_URL = 'http://127.0.0.1:8788' } = process.env
  if (!GATEWAY_URL && !GATEWAY_TOKEN) return undefined
  if (!GATEWAY_URL || !GATEWAY_TOKEN) {
    throw new Error('GATEWAY_URL and GATEWAY_TOKEN are needed together.')
  }
  if (GATEWAY_TOKEN.startsWith('hgw_')) {
    throw new Error(
      "GATEWAY_TOKEN must be the gateway's ADMIN_TOKEN: the demo makes a tenant of its own."
    )
  }
  const withoutSlash = (url: string) => url.replace(/\/+$/, '')
  return {
    gatewayUrl: withoutSlash(GATEWAY_URL),
    simulatorUrl: withoutSlash(SIMULATOR_URL),
    adminToken: GATEWAY_TOKEN,
  }
}

function findRunningStage(): Stage | undefined {
  const folder = localFolder()
  const running = findRunning(folder)
  const secrets = findSecrets(folder)
  if (!running?.gatewayUrl || !running.simulatorUrl || !secrets) return undefined
  const { gatewayUrl, simulatorUrl } = running
  return { gatewayUrl, simulatorUrl, adminToken: secrets.ADMIN_TOKEN }
}

async function makeTenant({ gatewayUrl, adminToken }: Stage): Promise<string> {
  const answer = await send('POST', `${gatewayUrl}/admin/tokens`, adminToken, {
    name: 'npm run demo',
  })
  await expectStatus(answer, 201, 'Making a tenant')
  const { token, tenant } = (await answer.json()) as { token: string; tenant: string }
  undo.push(async () => {
    const removed = await send('DELETE', `${gatewayUrl}/admin/tenants/${tenant}`, adminToken)
    await expectStatus(removed, 204, 'Removing the tenant')
  })
  say(`Made a tenant with a token of its own (${tenant})`)
  return token
}

/** The simulator has no limit for these accounts, so every refusal comes from the gateway's own limit. */
async function addAccounts(stage: Stage, token: string): Promise<Account[]> {
  const run = randomBytes(4).toString('hex')
  const accounts = LIMITS.map((maxJobs, index) => {
    const name = `demo-${run}-${index + 1}`
    return { email: `${name}@example.com`, apiKey: `sk_${name}`, maxJobs }
  })
  for (const account of accounts) {
    const { email, apiKey } = account
    const url = `${stage.simulatorUrl}/__sim/accounts`
    const made = await send('POST', url, undefined, { email, apiKeys: [apiKey], concurrency: null })
    await expectStatus(made, 200, `Making ${email} in the simulator`)
    undo.push(() => send('DELETE', `${url}/${email}`))
    const added = await send('POST', `${stage.gatewayUrl}/v1/heygen/accounts`, token, account)
    await expectStatus(added, 201, `Adding ${email}`)
    say(`Added ${email}, maxJobs ${account.maxJobs}`)
  }
  return accounts
}

async function createAll(stage: Stage, token: string, accounts: Account[]): Promise<Video[]> {
  say(`Asking for ${VIDEOS} videos at once`)
  const numbers = Array.from({ length: VIDEOS }, (_, index) => index + 1)
  const creations = await Promise.all(numbers.map((number) => create(stage, token, number)))
  for (const [index, creation] of creations.entries()) {
    const outcome =
      'video' in creation
        ? `${creation.video.id} on ${creation.video.account}`
        : `429, Retry-After ${creation.retryAfter}`
    say(`  ${index + 1}  ${outcome}`)
  }
  const videos = creations.flatMap((creation) => ('video' in creation ? [creation.video] : []))
  if (videos.length !== SLOTS) {
    throw new Error(`${videos.length} of ${VIDEOS} videos were accepted; ${SLOTS} were promised.`)
  }
  for (const { email, maxJobs } of accounts) {
    const taken = videos.filter(({ account }) => account === email).length
    if (taken !== maxJobs)
      throw new Error(`${email} took ${taken} videos; its maxJobs is ${maxJobs}.`)
  }
  say(`${videos.length} accepted, ${VIDEOS - videos.length} told to come back later`)
  return videos
}

async function create({ gatewayUrl }: Stage, token: string, number: number): Promise<Creation> {
  const createdAt = Date.now()
  const answer = await send('POST', `${gatewayUrl}/heygen/v3/videos`, token, {
    type: 'avatar',
    avatar_id: 'Abigail_expressive_2024112501',
    voice_id: '1bd001e7e50f421d891986aad5158bc8',
    script: `Hello from video ${number}.`,
    title: `Demo ${number}`,
  })
  if (answer.status === 429) {
    const retryAfter = answer.headers.get('retry-after')
    if (!retryAfter) throw new Error('A 429 came without Retry-After.')
    await answer.body?.cancel()
    return { retryAfter }
  }
  await expectStatus(answer, 200, `Creating video ${number}`)
  const { data } = (await answer.json()) as { data: { video_id: string; status: string } }
  const account = answer.headers.get('x-gateway-account') ?? '?'
  return { video: { id: data.video_id, account, status: data.status, createdAt } }
}

/** Polls like any client. Each time that a video has ended, it tries the refused creations again. */
async function finishAll(stage: Stage, token: string, videos: Video[]): Promise<void> {
  const end = Date.now() + DEADLINE_MS
  for (;;) {
    const running = videos.filter(({ endedAt }) => endedAt === undefined)
    await Promise.all(running.map((video) => poll(stage, token, video)))
    const hasRoom = videos.filter(({ endedAt }) => endedAt === undefined).length < SLOTS
    if (videos.length < VIDEOS && hasRoom) {
      const creation = await create(stage, token, videos.length + 1)
      if ('video' in creation) videos.push(creation.video)
    }
    const ended = videos.filter(({ endedAt }) => endedAt !== undefined).length
    showProgress(ended, videos.length)
    if (ended === VIDEOS) break
    if (Date.now() > end) {
      throw new Error(`Only ${ended} of ${VIDEOS} videos ended within ${DEADLINE_MS / 1000} s.`)
    }
    await sleep(POLL_MS)
  }
  endLine()
}

async function poll({ gatewayUrl }: Stage, token: string, video: Video): Promise<void> {
  const answer = await send('GET', `${gatewayUrl}/heygen/v3/videos/${video.id}`, token)
  await expectStatus(answer, 200, `Asking for ${video.id}`)
  const account = answer.headers.get('x-gateway-account')
  if (account !== video.account) {
    throw new Error(`${video.id} was made on ${video.account} but ${account} was asked for it.`)
  }
  const { data } = (await answer.json()) as { data: { status: string; video_url?: string | null } }
  video.status = data.status
  if (data.status === 'failed') throw new Error(`${video.id} failed.`)
  if (data.status !== 'completed') return
  if (!data.video_url) throw new Error(`${video.id} is completed but has no video_url.`)
  video.url = data.video_url
  video.endedAt = Date.now()
}

async function download([video]: Video[]): Promise<void> {
  const url = video?.url ?? ''
  const whole = await send('GET', url)
  await expectStatus(whole, 200, 'Downloading the first video')
  const bytes = Buffer.from(await whole.arrayBuffer())
  if (bytes.toString('latin1', 4, 8) !== 'ftyp') throw new Error('The first video is no mp4 file.')
  const part = await send('GET', url, undefined, undefined, { range: 'bytes=4-7' })
  await expectStatus(part, 206, 'Asking for four bytes of the first video')
  if ((await part.text()) !== 'ftyp') throw new Error('The Range request gave other bytes.')
  say(`Downloaded one: ${bytes.length} bytes of mp4, and a part of it by Range`)
}

async function askWitness({ simulatorUrl }: Stage, accounts: Account[]): Promise<void> {
  const seen = await Promise.all(
    accounts.map(async ({ email }) => {
      const answer = await send('GET', `${simulatorUrl}/__sim/accounts/${email}`)
      await expectStatus(answer, 200, `Asking the simulator about ${email}`)
      return (await answer.json()) as { maxInFlight: number; jobsStarted: number }
    })
  )
  for (const [index, { email, maxJobs }] of accounts.entries()) {
    const most = seen[index]?.maxInFlight ?? Infinity
    if (most > maxJobs) throw new Error(`${email} had ${most} jobs in flight, over ${maxJobs}.`)
    say(`The simulator saw at most ${most} jobs in flight on ${email} (maxJobs ${maxJobs})`)
  }
  const jobs = seen.reduce((sum, { jobsStarted }) => sum + jobsStarted, 0)
  if (jobs !== VIDEOS) throw new Error(`The simulator saw ${jobs} jobs for ${VIDEOS} videos.`)
}

async function cleanUp(): Promise<void> {
  for (let step = undo.pop(); step; step = undo.pop()) await step()
}

/** Shows the progress. A terminal shows one line that is overwritten. Any other output gets a new line for each change. */
function showProgress(ended: number, created: number): void {
  const bar = '#'.repeat(ended) + '+'.repeat(created - ended) + '.'.repeat(VIDEOS - created)
  const text = `[${bar}] ${ended} done, ${created - ended} running, ${VIDEOS - created} waiting`
  if (text === line) return
  line = text
  if (process.stdout.isTTY) process.stdout.write(`\r\u001b[K${text}`)
  else console.log(text)
}

function endLine(): void {
  if (process.stdout.isTTY && line) process.stdout.write('\n')
  line = ''
}

function say(text: string): void {
  console.log(text)
}

function toTable(videos: Video[]): string {
  const rows = videos.map(({ id, account, status, createdAt, endedAt = Date.now() }) => [
    id,
    account,
    status,
    toSeconds(endedAt - createdAt),
  ])
  const all = [['video', 'account', 'status', 'seconds'], ...rows]
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...all.map((row) => row[column]?.length ?? 0))
  )
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()
    )
    .join('\n')
}

function toSeconds(spanMs: number): string {
  return (spanMs / 1000).toFixed(1)
}
