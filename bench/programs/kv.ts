/**
 * The KV namespace of the benched gateway, as workerd's binding speaks to it: `GET`, `PUT` and `DELETE /<key>`. It is in a process
 * of its own, because on Cloudflare KV is not a Worker's CPU. Values stay until the process ends. Started by `fork`.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const METADATA = 'cf-kv-metadata'
const values = new Map<string, { body: Buffer; metadata: string | undefined }>()

const server = createServer((request, response) => {
  const [key = ''] = (request.url ?? '').slice(1).split('?')
  if (request.method === 'GET') {
    const found = values.get(key)
    if (!found) return response.writeHead(404).end()
    response.writeHead(200, found.metadata === undefined ? {} : { [METADATA]: found.metadata })
    return response.end(found.body)
  }
  if (request.method === 'DELETE') {
    values.delete(key)
    return response.writeHead(200).end()
  }
  const pieces: Buffer[] = []
  request.on('data', (piece: Buffer) => pieces.push(piece))
  request.on('end', () => {
    const metadata = request.headers[METADATA]
    values.set(key, { body: Buffer.concat(pieces), metadata: metadata?.toString() })
    response.writeHead(200).end()
  })
})
server.keepAliveTimeout = 120_000
process.once('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
