/**
 * The form of the house: docs/architecture.md against the code, no circles between rooms, the sizes of rooms and files, no
 * provider by name outside its folder, and docs/glossary.md in the words of the code. One line for each difference.
 */
import { circleProblems } from './lib/structure/circles.ts'
import { DOCUMENT, treeProblems } from './lib/structure/drawn-tree.ts'
import { GLOSSARY, glossaryProblems } from './lib/structure/glossary.ts'
import { importProblems } from './lib/structure/import-table.ts'
import { providerNameProblems } from './lib/structure/provider-names.ts'
import { fileSizeProblems, roomSizeProblems } from './lib/structure/sizes.ts'
import { openTree, read } from './lib/structure/tree.ts'

/** Where every provider stands by name; and headers: HeyGen's signature is one of the two on every delivery. */
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
  ...glossaryProblems(tree, read(tree, GLOSSARY)),
]
for (const problem of problems) console.error(problem)
process.exitCode = problems.length === 0 ? 0 : 1
