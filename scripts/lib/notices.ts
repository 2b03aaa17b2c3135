/** Writes the text of THIRD-PARTY-NOTICES: the licences of the packages whose code is deployed. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { packagesOfPages } from './assets/write-assets.ts'

export const NOTICES = 'THIRD-PARTY-NOTICES'

/** Allowed licences. Add another one only if it asks for no more than these. */
const ALLOWED = ['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0']

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

interface Manifest {
  name: string
  version: string
  license?: string
  author?: string | { name: string }
  repository?: string | { url: string }
}

/** `ofWorker`: the packages in the Worker's bundle. Those of the pages are added. */
export async function noticesOf(ofWorker: readonly string[]): Promise<string> {
  const packages = new Set([...ofWorker, ...(await packagesOfPages())])
  const parts = [...packages].toSorted().map(noticeOf)
  const head =
    'The Worker and the pages that are deployed contain code of these packages. Made by `npm run notices`.'
  return `${[head, ...parts].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

function noticeOf(name: string): string {
  const folder = `node_modules/${name}`
  const manifest = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as Manifest
  const { version, license = 'unknown' } = manifest
  if (!ALLOWED.includes(license)) throw new Error(`${name} is under ${license}: may it be shipped?`)
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one))
  const notice = readdirSync(folder).find((one) => /^notice/i.test(one))
  const texts = [
    file === undefined ? ownText(manifest) : readFileSync(`${folder}/${file}`, 'utf8').trim(),
    ...(notice === undefined ? [] : [readFileSync(`${folder}/${notice}`, 'utf8').trim()]),
  ]
  return [`${name} ${version} (${license})`, ...texts].join('\n\n')
}

/** The text for a package that names its licence but contains no licence text. */
function ownText({ name, license, author, repository }: Manifest): string {
  if (license !== 'MIT') throw new Error(`${name} has no licence text, and ${license} needs one.`)
  const who = typeof author === 'object' ? author.name : author
  const where = typeof repository === 'object' ? repository.url : repository
  return `Copyright (c) ${who ?? 'its authors'} (${(where ?? '').replace(/^git\+|\.git$/g, '')})\n\n${MIT}`
}

export function notesOnFile(): string {
  return existsSync(NOTICES) ? readFileSync(NOTICES, 'utf8') : ''
}
