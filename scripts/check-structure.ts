/**
 * Checks the structure of the code: its tree and imports are those of docs/architecture.md, rooms import each other without
 * circles, rooms and files have a limited size, no file names a provider outside the provider's folder, time, randomness and
 * timers come from Ports, and the code uses the words of docs/glossary.md. Prints one line for each problem.
 */
import { circleProblems } from './lib/structure/circles.ts'
import { DOCUMENT, treeProblems } from './lib/structure/drawn-tree.ts'
import { globalProblems } from './lib/structure/globals.ts'
import { GLOSSARY, glossaryProblems } from './lib/structure/glossary.ts'
import { importProblems } from './lib/structure/import-table.ts'
import { providerNameProblems } from './lib/structure/provider-names.ts'
import { fileSizeProblems, roomSizeProblems } from './lib/structure/sizes.ts'
import { openTree, read } from './lib/structure/tree.ts'

/** Files that may name a provider. HeyGen's signature header is one of the two on every delivery. */
const MAY_NAME_PROVIDERS = {
  all: ['src/providers/index.ts', 'src/domain/runtime/settings.ts'],
  heygen: [
    'src/domain/text/headers.ts',
    'src/domain/events/signatures.ts',
    'src/flows/events/sign-delivery.ts',
  ],
}

const tree = openTree('.')
const architecture = read(tree, DOCUMENT)
const problems = [
  ...treeProblems(tree, architecture),
  ...importProblems(tree, architecture),
  ...circleProblems(tree),
  ...roomSizeProblems(tree),
  ...fileSizeProblems(tree),
  ...providerNameProblems(tree, MAY_NAME_PROVIDERS),
  ...globalProblems(tree),
  ...glossaryProblems(tree, read(tree, GLOSSARY)),
]
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
