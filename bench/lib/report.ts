/** A scenario whose result is a table of its own, not a comparison of programs in rounds. */
import type { World } from './world.ts'

export type Row = Record<string, string | number>

export interface Wish {
  what: string
  measured: number
  atLeast?: number
  atMost?: number
}

interface Judged extends Wish {
  /** Undefined: nothing is wanted, the number is for information. */
  isMet: boolean | undefined
}

export interface ReportOptions {
  rounds: number
  ms: number
}

export interface Report {
  name: string
  title: string
  /** Undefined: it could not be measured here; why stands in the rows. */
  run(world: World, options: ReportOptions): Promise<{ rows: Row[]; wishes: Wish[] }>
}

export interface ReportResult {
  scenario: string
  title: string
  rows: Row[]
  wishes: Judged[]
}

export async function runReport(
  world: World,
  { name, title, run }: Report,
  options: ReportOptions
): Promise<ReportResult> {
  const { rows, wishes } = await run(world, options)
  return { scenario: name, title, rows, wishes: wishes.map(judge) }
}

function judge(wish: Wish): Judged {
  const { measured, atLeast, atMost } = wish
  const isWanted = atLeast !== undefined || atMost !== undefined
  const isMet = measured >= (atLeast ?? -Infinity) && measured <= (atMost ?? Infinity)
  return { ...wish, isMet: isWanted ? isMet : undefined }
}
