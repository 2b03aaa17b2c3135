/** Finds files that name a provider outside the provider's folder. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { filesUnder, read, type Tree } from './tree.ts'

const FOLDER = 'src/providers'
const OUR_OWN_NAME = 'heygen-gateway'

/** Files that may name a provider. `all`: any provider. Else the provider of the key. */
export type Exceptions = Record<string, string[]>

function providersOf(tree: Tree): string[] {
  const folder = path.join(tree.root, FOLDER)
  if (!existsSync(folder)) return []
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries
    .filter((one) => one.isDirectory() && existsSync(path.join(folder, one.name, 'index.ts')))
    .map((one) => one.name)
}

export function providerNameProblems(tree: Tree, exceptions: Exceptions): string[] {
  const files = filesUnder(tree, 'src')
  const stale = Object.values(exceptions)
    .flat()
    .filter((file) => !files.includes(file))
  const knowing = providersOf(tree).flatMap((name) => {
    const mayName = [...(exceptions['all'] ?? []), ...(exceptions[name] ?? [])]
    return files
      .filter((file) => !file.startsWith(`${FOLDER}/${name}/`) && !mayName.includes(file))
      .filter((file) => {
        const text = `${file}\n${read(tree, file)}`.toLowerCase()
        return text.replaceAll(OUR_OWN_NAME, '').includes(name)
      })
      .map((file) => `${file} knows the provider ${name} by name`)
  })
  return [...stale.map((file) => `${file} may name a provider and is not there`), ...knowing]
}
