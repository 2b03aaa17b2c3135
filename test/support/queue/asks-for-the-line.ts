/** A way to the gateway that adds `Prefer: respond-async` to every call, for clients that send no headers of their own. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Gateway } from '../gateway.ts'

export interface Way {
  /** As much of a gateway as published clients need. */
  gateway: Gateway
  close(): Promise<void>
}

export async function askingForTheLine({ url, token }: Gateway): Promise<Way> {
  const server = http.createServer((request, answer) => {
    const headers = { ...request.headers, prefer: 'respond-async' }
    const up = http.request(url + (request.url ?? ''), { method: request.method ?? 'GET', headers })
    up.on('response', (said) => {
      answer.writeHead(said.statusCode ?? 502, said.headers)
      said.pipe(answer)
    })
    up.on('error', () => answer.destroy())
    request.pipe(up)
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return {
    gateway: { url: `http://127.0.0.1:${port}`, token } as Gateway,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections()
        server.close(() => closed())
      }),
  }
}
