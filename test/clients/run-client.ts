/** A published client as a program of its own, pointed at a gateway by examples/redirect-hosts.mjs. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type { Gateway } from '../support/gateway.ts'

const run = promisify(execFile)
const HOOK = pathToFileURL(path.resolve('examples/redirect-hosts.mjs')).href

export interface Ran {
  stdout: string
  stderr: string
  code: number
}

interface Wanted {
  /** Where its packages are. */
  folder?: string
  env?: Record<string, string>
  /** Its host can be set, so nothing is redirected. */
  isSettable?: boolean
}

/** For a client whose host is fixed. */
export function redirectTo({ url }: Gateway): Record<string, string> {
  const hosts = ['api.heygen.com', 'upload.heygen.com']
  return {
    REDIRECT_HOSTS: hosts.map((host) => `${host}=${url}/heygen`).join(','),
    NODE_OPTIONS: `--import=${HOOK}`,
  }
}

/** `args`: what follows `node`. It has the gateway's token as TOKEN. */
export async function runClient(
  gateway: Gateway,
  args: string[],
  { folder = 'test/clients', env = {}, isSettable = false }: Wanted = {}
): Promise<Ran> {
  const own = {
    ...process.env,
    TOKEN: gateway.token,
    ...(isSettable ? {} : redirectTo(gateway)),
    ...env,
  }
  const options = { cwd: folder, env: own, timeout: 150_000, maxBuffer: 16 * 1024 * 1024 }
  return run(process.execPath, args, options).then(
    ({ stdout, stderr }) => ({ stdout, stderr, code: 0 }),
    (error: { stdout?: string; stderr?: string; code?: number }) => {
      const { stdout = '', stderr = String(error), code = 1 } = error
      return { stdout, stderr, code }
    }
  )
}

/** A short program, as a module. */
export function runCode(gateway: Gateway, code: string): Promise<Ran> {
  return runClient(gateway, ['--input-type=module', '-e', code])
}
