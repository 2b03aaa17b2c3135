/** The folder of a provider, against the parts of the contract (decision 0041). */
import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PROVIDERS } from '#providers/index.ts'

const filesIn = (folder: string) =>
  readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== 'index.ts')

test.each(PROVIDERS)(
  'each part of $name stands in a file under its name, and no other file does',
  (provider) => {
    const { name, ...parts } = provider
    const files = Object.keys(parts).map((part) => `${part}.ts`)
    expect(filesIn(`src/providers/${name}`).toSorted()).toEqual(files.toSorted())
    expect(filesIn('src/providers/contract')).toEqual(expect.arrayContaining(files))
  }
)
