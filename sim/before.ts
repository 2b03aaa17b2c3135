/** The source of an earlier commit, in a folder of its own that has the installed packages of this one. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import path from 'node:path'

/** Returns the folder. It is made once for each commit. */
export function folderOf(commit: string): string {
  const hash = git('rev-parse', '--verify', `${commit}^{commit}`).trim()
  const folder = path.resolve('.local/sim-before', hash)
  if (existsSync(path.join(folder, 'node_modules'))) return folder
  mkdirSync(folder, { recursive: true })
  const archive = path.join(folder, 'source.tar')
  git('archive', '--output', archive, hash, 'src', 'package.json')
  execFileSync('tar', ['-xf', archive, '-C', folder])
  symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'))
  return folder
}

function git(...words: string[]): string {
  return execFileSync('git', words, { encoding: 'utf8' })
}
