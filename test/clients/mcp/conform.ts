/** Runs `@modelcontextprotocol/conformance` as it is published against a gateway. It sends no token, so a door on loopback adds one. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** The published edition, and the coming one, which knows the revision 2026-07-28. */
export const STABLE = '@modelcontextprotocol/conformance'
export const NEXT = 'conformance-next'

export interface Check {
  id: string
  status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO'
  errorMessage?: string
}

export interface Door {
  url: string
  close: () => Promise<void>
}

/** Passes everything on as it comes, with the token. The host is the client's, as behind a real server. */
export async function openDoor(gateway: { url: string; token: string }): Promise<Door> {
  const to = new URL(gateway.url)
  const server = createServer((incoming, outgoing) => {
    const headers = { ...incoming.headers, authorization: `Bearer ${gateway.token}` }
    const { method, url: at } = incoming
    const passed = request({ host: to.hostname, port: to.port, path: at, method, headers })
    passed.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers)
      answer.pipe(outgoing)
    })
    passed.on('error', () => outgoing.destroy())
    outgoing.on('close', () => passed.destroy())
    incoming.pipe(passed)
  })
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://localhost:${port}/mcp`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The checks of each scenario. `edition`: the package's name in test/clients. */
export async function conform(
  door: Door,
  edition: string,
  args: string[]
): Promise<Record<string, Check[]>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'conformance-'))
  const cli = path.resolve('test/clients/node_modules', edition, 'dist/index.js')
  await new Promise<void>((resolve) => {
    const all = [cli, 'server', '--url', door.url, ...args, '-o', folder]
    execFile(process.execPath, all, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }, () => resolve())
  })
  const checks = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => path.basename(file) === 'checks.json')
    .map((file) => {
      const [, scenario = file] =
        /(?:^|\/)server-(.*)-\d{4}-\d\d-\d\dT[^/]*\/checks\.json$/.exec(file) ?? []
      return [
        scenario,
        JSON.parse(readFileSync(path.join(folder, file), 'utf8')) as Check[],
      ] as const
    })
  rmSync(folder, { recursive: true, force: true })
  return Object.fromEntries(checks)
}

export function failuresOf(checks: Check[] = []): Pick<Check, 'id' | 'errorMessage'>[] {
  return checks
    .filter(({ status }) => status === 'FAILURE')
    .map(({ id, errorMessage = '' }) => ({ id, errorMessage }))
}
