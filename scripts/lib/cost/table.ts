/** The measured lines as text, and what exceeds its budget or target. */
import { priceOf, totalOf } from './bill.ts'
import type { Line } from './measure.ts'
import { ASSUMED, PRICES } from './prices.ts'

const HEAD = [
  '',
  'requests: Worker / object',
  'KV',
  'rows: written / read',
  'object ms',
  'CPU ms',
  'budget: object req. / rows / KV',
  '$ per million',
  'target',
  'of which Worker req. / CPU / object req. / object time / rows / KV',
]

/** Markdown, one table for each group. */
export function tableOf(lines: Line[]): string {
  const groups = [...Map.groupBy(lines, ({ group }) => group)]
  const texts = groups.map(([group, rows]) =>
    [
      `\n**${group}** (for each ${rows[0]?.per ?? ''})\n`,
      cells(HEAD),
      cells(HEAD.map((_, at) => (at === 0 ? '---' : '---:'))),
      ...rows.map(rowOf),
    ].join('\n')
  )
  return [...texts, `\n${notes()}`].join('\n')
}

function rowOf(line: Line): string {
  const { usage, budget, target } = line
  const dollars = priceOf(usage)
  const rows = dollars.rowsWritten + dollars.rowsRead
  const { workerRequests, cpu, objectRequests, objectTime, kv } = dollars
  const split = [workerRequests, cpu, objectRequests, objectTime, rows, kv]
  return cells([
    line.name,
    `${number(usage.workerRequests)} / ${number(usage.objectRequests)}`,
    number(usage.kvReads + usage.kvWrites),
    `${number(usage.rowsWritten)} / ${number(usage.rowsRead)}`,
    number(usage.objectMs),
    number(usage.cpuMs),
    budget ? [budget.requests, budget.rows, budget.kv].map((most) => most ?? '–').join(' / ') : '–',
    `**${totalOf(dollars).toFixed(2)}**`,
    target === undefined ? '–' : `≤ ${target.toFixed(2)}`,
    split.map((part) => part.toFixed(2)).join(' / '),
  ])
}

function cells(texts: string[]): string {
  return `| ${texts.join(' | ')} |`
}

function number(value: number): string {
  const rounded = Number(value.toFixed(value < 10 ? 2 : 0))
  return String(rounded)
}

function notes(): string {
  return [
    `Prices of ${PRICES.date}: ${PRICES.sources.join(', ')}.`,
    'CPU is that of the process of workerd, less what calls to nothing take. The objects and the counting are in it, so it is the most it can be.',
    `Object time: as measured, with ${ASSUMED.objectRequestMs} ms added for each request to an object and ${ASSUMED.objectCallMs} ms for each call of an object to the outside.`,
  ].join('\n')
}

/** Averages are sums of fractions. */
const ROUNDING = 1e-6

/** A sentence for each budget or target that the line exceeds. */
export function excessOf({ group, name, usage, budget = {}, target }: Line): string[] {
  const compared: [string, number, number | undefined][] = [
    ['KV calls', usage.kvReads + usage.kvWrites, budget.kv],
    ['object requests', usage.objectRequests, budget.requests],
    ['rows written', usage.rowsWritten, budget.rows],
    ['dollars per million', totalOf(priceOf(usage)), target],
  ]
  return compared.flatMap(([what, found, most]) =>
    most !== undefined && found > most + ROUNDING
      ? [`over: ${group}, ${name}: ${number(found)} ${what}, allowed ${most}`]
      : []
  )
}
