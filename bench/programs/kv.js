/**
 * The KV namespace of the benched gateway, as workerd's binding speaks to it: `GET`, `PUT` and `DELETE /<key>`. It is in a process
 * of its own, because on Cloudflare KV is not a Worker's CPU. Values stay until the process ends. Started by `fork`.
 */
import { createServer } from 'node:http'
const METADATA = 'cf-kv-metadata'
const values = new Map()
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
  const pieces = []
  request.on('data', (piece) => pieces.push(piece))
  request.on('end', () => {
    const metadata = request.headers[METADATA]
    values.set(key, { body: Buffer.concat(pieces), metadata: metadata?.toString() })
    response.writeHead(200).end()
  })
})
server.keepAliveTimeout = 120000
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: server.address().port })
})
