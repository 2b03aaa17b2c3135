/**
 * Measures the memory of the gateway while 64 MiB pass through it, in each direction: `node bench/memory.ts [rounds]`.
 * Client and provider run in this process. The numbers are those of the gateway's workerd process alone.
 */
import { readFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import { cpus } from 'node:os'
import { openGateway } from '../test/support/gateway.ts'
const MIB = 1024 * 1024
const SIZE = 64 * MIB
const ROUNDS = Number(process.argv[2] ?? 5)
const SAMPLE_MS = 5
const CHUNK = Buffer.alloc(MIB, 'heygen')
const provider = createServer((incoming, outgoing) => void answer(incoming, outgoing))
await new Promise((resolve) => provider.listen(0, '127.0.0.1', resolve))
const origin = `http://127.0.0.1:${provider.address().port}`
const gateway = await openGateway({
  accounts: { ann: 2 },
  vars: { HEYGEN_ORIGIN: origin, HEYGEN_UPLOAD_ORIGIN: origin },
})
async function answer(incoming, outgoing) {
  if (incoming.url === '/v3/big') {
    outgoing.writeHead(200, { 'content-length': String(SIZE), 'content-type': 'video/mp4' })
    return pour(outgoing)
  }
  let length = 0
  for await (const piece of incoming) length += piece.length
  const isWhole = incoming.method === 'GET' || length === SIZE
  outgoing.writeHead(isWhole ? 200 : 400, { 'content-type': 'application/json' })
  outgoing.end('{"data":{"username":"0123456789abcdef","email":"ann@example.com"}}')
}
async function pour(out) {
  for (let sent = 0; sent < SIZE; sent += MIB) {
    if (!out.write(CHUNK)) await new Promise((resolve) => out.once('drain', resolve))
  }
  out.end()
}
function call(method, path) {
  const headers = {
    authorization: `Bearer ${gateway.token}`,
    ...(method === 'POST' ? { 'content-type': 'video/mp4', 'content-length': String(SIZE) } : {}),
  }
  return new Promise((resolve, reject) => {
    const sent = request(gateway.url + path, { method, headers }, (incoming) => {
      let length = 0
      incoming.on('data', (piece) => (length += piece.length))
      incoming.on('error', reject)
      incoming.on('end', () => {
        if (incoming.statusCode === 200) resolve(length)
        else reject(new Error(`${method} ${path}: ${incoming.statusCode}`))
      })
    })
    sent.on('error', reject)
    if (method === 'POST') void pour(sent)
    else sent.end()
  })
}
async function upload() {
  await call('POST', '/heygen/v1/asset')
}
async function download() {
  const length = await call('GET', '/heygen/v3/big')
  if (length !== SIZE) throw new Error(`${length} bytes came down, not ${SIZE}`)
}
/** A control: a creation is read whole before it is sent. The memory must grow, or the measurement does not see anything. */
async function creation() {
  const answer = await gateway.post('/heygen/v3/videos', { script: 'a'.repeat(15 * MIB) })
  await answer.text()
}
async function residentMiB() {
  const status = await readFile(`/proc/${gateway.pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024
}
async function measure(what, work) {
  const before = await residentMiB()
  let peak = before
  const sampling = setInterval(() => {
    void residentMiB().then((now) => (peak = Math.max(peak, now)))
  }, SAMPLE_MS)
  const startedAt = performance.now()
  await work().finally(() => clearInterval(sampling))
  const ms = performance.now() - startedAt
  const after = await residentMiB()
  peak = Math.max(peak, after)
  const cells = [before, peak, after, peak - before].map((mib) => mib.toFixed(1))
  return `| ${[what, ...cells, ms.toFixed(0)].join(' | ')} |`
}
console.log(
  `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}`
)
console.log('\n| 64 MiB | RSS before (MiB) | peak | after | growth | ms |')
console.log('| --- | ---: | ---: | ---: | ---: | ---: |')
for (let round = 1; round <= ROUNDS; round += 1) {
  console.log(await measure(`upload ${round}`, upload))
  console.log(await measure(`download ${round}`, download))
}
const together = () => Promise.all([upload(), download(), upload(), download()])
console.log(await measure('2 up + 2 down at once', () => together().then(() => undefined)))
console.log(await measure('control: 15 MiB of JSON, held', creation))
await gateway.dispose()
provider.closeAllConnections()
provider.close()
