/**
 * What takes long to make and is the same for a whole run: made once by this process, and once by all processes that share the
 * folder named in KEPT_ONCE (test/support/prepare.ts makes it for one run of the tests and removes it).
 */
import { createHash, randomUUID } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'

const made = new Map<string, Promise<unknown>>()

export function keptOnce<T>(name: string, make: () => Promise<T>): Promise<T> {
  const known = made.get(name) ?? readOrMake(name, make)
  made.set(name, known)
  return known as Promise<T>
}

async function readOrMake<T>(name: string, make: () => Promise<T>): Promise<T> {
  const folder = process.env['KEPT_ONCE']
  if (!folder) return make()
  const file = path.join(folder, `${createHash('sha256').update(name).digest('hex')}.json`)
  const kept = await readFile(file, 'utf8').catch(() => undefined)
  if (kept !== undefined) return JSON.parse(kept) as T
  const value = await make()
  // Whole or not there: another process may look just now.
  const unfinished = `${file}.${randomUUID()}`
  await writeFile(unfinished, JSON.stringify(value))
  await rename(unfinished, file)
  return value
}
