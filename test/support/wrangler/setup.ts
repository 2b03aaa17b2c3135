/** Runs `npm run setup` against the stand-in, and checks that no secret is where others can read it. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { StandIn } from './control.ts'

export async function setup(
  standIn: StandIn,
  env: Record<string, string> = {},
  ...args: string[]
): Promise<{ code: number; output: string }> {
  const wait = standIn.fault === 'silent' ? '0' : '60'
  const all = ['scripts/setup.ts', '--config', standIn.config, '--wait', wait, ...args]
  const child = spawn(process.execPath, all, { env: { ...standIn.env, ...env } })
  let output = ''
  child.stdout.on('data', (piece: Buffer) => (output += piece.toString()))
  child.stderr.on('data', (piece: Buffer) => (output += piece.toString()))
  const code = await new Promise<number>((resolve) =>
    child.once('close', (ended) => resolve(ended ?? 1))
  )
  return { code, output }
}

export const tokenIn = (output: string) => /hgw_[\w-]{51}/.exec(output)?.[0] ?? ''
export const times = (text: string, part: string) => text.split(part).length - 1

/** No secret of the Worker was given to wrangler as an argument or in its environment, and none is left in a file. */
export function expectHidden(standIn: StandIn): void {
  const secrets = Object.values(standIn.deployed?.secrets ?? {})
  for (const { args, env, mode } of standIn.asked) {
    for (const secret of secrets) expect(JSON.stringify([args, env])).not.toContain(secret)
    if (mode !== undefined) expect(mode).toBe(0o600)
  }
  expect(standIn.leftBehind()).toEqual([])
  for (const secret of secrets) expect(readFileSync(standIn.config, 'utf8')).not.toContain(secret)
}

export async function namesOfTokens({ url, deployed }: StandIn): Promise<string[]> {
  const authorization = `Bearer ${deployed?.secrets['ADMIN_TOKEN']}`
  const answer = await fetch(`${url}/admin/tokens`, { headers: { authorization } })
  const { tokens } = (await answer.json()) as { tokens: { name: string }[] }
  return tokens.map(({ name }) => name)
}
