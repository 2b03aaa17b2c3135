/** A small tree of files for the scripts that check ours; removed when the test is over. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { openTree, type Tree } from '../../scripts/lib/structure/tree.ts'

const PACKAGE = JSON.stringify({
  imports: { '#flows/*': './src/flows/*', '#domain/*': './src/domain/*' },
})

export function plantTree(files: Record<string, string>): Tree {
  const root = mkdtempSync(path.join(tmpdir(), 'tree-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  for (const [file, text] of Object.entries({ 'package.json': PACKAGE, ...files })) {
    mkdirSync(path.join(root, path.dirname(file)), { recursive: true })
    writeFileSync(path.join(root, file), text)
  }
  return openTree(root)
}
