/** Reads the pages of documentation: their fenced blocks, their links, and the code in their sentences. */
import { globSync, readFileSync } from 'node:fs'

/** Pages that describe the project as it is now. */
export const PAGES = globSync(
  '{*.md,docs/*.md,docs/guides/*.md,simulator/README.md,bench/README.md}'
)
  .filter((file) => file !== 'CHANGELOG.md')
  .toSorted()

/** Decisions and RFCs are history, so they may also name what is gone (test/scripts/pages.test.ts). */
export const RECORDS = globSync('docs/{decisions,rfc}/*.md').toSorted()

export interface Block {
  page: string
  line: number
  language: string
  text: string
}

export function blocksOf(page: string): Block[] {
  const blocks: Block[] = []
  let open: Block | undefined
  for (const [index, line] of readFileSync(page, 'utf8').split('\n').entries()) {
    const fence = /^ *```(\w*)$/.exec(line)
    if (open && fence) {
      blocks.push(open)
      open = undefined
    } else if (open) open.text += `${line}\n`
    else if (fence) open = { page, line: index + 1, language: fence[1] ?? '', text: '' }
  }
  if (open) throw new Error(`${page}:${open.line}: this block has no end`)
  return blocks
}

/** A page without its blocks. */
export function proseOf(page: string): string {
  return readFileSync(page, 'utf8').replace(/^ *```[^]*?^ *```$/gm, '')
}

export function spansOf(prose: string): string[] {
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span]) => span ?? '')
}

export function linksOf(prose: string): string[] {
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '')
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: string): Set<string> {
  const headings = [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, text]) => text ?? '')
  return new Set(
    headings.map((text) =>
      text
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-')
    )
  )
}
