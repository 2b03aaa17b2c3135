/** Checks that the code uses each term of docs/glossary.md, and that the page explains each term once. */
import { filesUnder, read, type Tree } from './tree.ts'

export const GLOSSARY = 'docs/glossary.md'

/** Rows `| term | meaning |`. */
function termsIn(text: string): string[] {
  const rows = text.split('\n').filter((line) => /^\| [^|]+ \| [^|]+ \|/.test(line))
  return rows
    .map((row) => row.split('|')[1]?.trim() ?? '')
    .filter((term) => term !== 'term' && !/^-+$/.test(term))
}

/** `incoming event` is found in `incomingEvent`, `incoming-event.ts`, `incoming_event` and `Incoming event`. */
function pattern(term: string): RegExp {
  return new RegExp(`(?<![a-z])${term.split(' ').join('[-_ ]?')}`, 'i')
}

export function glossaryProblems(tree: Tree, text: string): string[] {
  const terms = termsIn(text)
  const code = filesUnder(tree, 'src').map((file) => `${file}\n${read(tree, file)}`)
  const unused = terms.filter((term) => !code.some((one) => pattern(term).test(one)))
  const twice = terms.filter((term, index) => terms.indexOf(term) !== index)
  return [
    ...(terms.length === 0 ? [`${GLOSSARY} has no terms`] : []),
    ...unused.map((term) => `${GLOSSARY} explains "${term}", which src does not use`),
    ...twice.map((term) => `${GLOSSARY} explains "${term}" twice`),
  ]
}
