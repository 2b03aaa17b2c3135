/** Makes every call as every caller, and writes what was answered as a table. */
import { ERROR_STATUS, type ErrorCode } from '#domain/runtime/errors.ts'
import { advance, MINUTE } from '../support/clock/clock.ts'
import { LEAK } from '../support/scenes/raw-requests.ts'
import { send, type Answer } from '../fuzz/wire.ts'
import type { Call, Row, Section } from './rows.ts'
import type { Caller, World } from './world.ts'

interface Line {
  name: string
  cells: Map<string, string>
}

export interface Filled {
  title: string
  lines: Line[]
}

/** Faults that no table shows. */
export interface Faults {
  /** Calls that reached the provider for somebody who is let in nowhere. */
  reached: string[]
  /** Answers of ours without the error's shape, or with what nobody may see. */
  wrong: string[]
}

/** The code that a status means where the table names none. */
const USUAL: Record<number, ErrorCode> = {
  400: 'bad_request',
  401: 'unauthorized',
  402: 'subscription_required',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  409: 'conflict',
}

const AT_ONCE = 8

export async function fill(
  world: World,
  sections: Section[]
): Promise<{ filled: Filled[]; faults: Faults }> {
  const faults: Faults = { reached: [], wrong: [] }
  const jobs = sections.flatMap(({ rows }) => rows.map((row) => ({ row, line: lineOf(row) })))
  const calls = new Map<Row, Call>()
  for (const { row } of jobs) calls.set(row, await row.make())
  await world.gateway.sim.forgetRequests()
  const todo = jobs.values()
  const asRefused = async () => {
    for (const { row, line } of todo) {
      const call = calls.get(row)
      for (const caller of call ? world.refused : [])
        line.cells.set(caller.name, (await ask(world, row, call as Call, caller, faults)).cell)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, asRefused))
  faults.reached = (await world.gateway.sim.requests()).map((one) => `${one.method} ${one.path}`)
  for (const { row, line } of jobs) await asKnown(world, row, line, faults)
  let at = 0
  const filled = sections.map(({ title, rows }) => ({
    title,
    lines: jobs.slice(at, (at += rows.length)).map(({ line }) => line),
  }))
  return { filled, faults }
}

function lineOf({ name }: Row): Line {
  return { name, cells: new Map() }
}

/** One after the other, because one's call may change what the next one's names. */
async function asKnown(world: World, row: Row, line: Line, faults: Faults): Promise<void> {
  await advance(world.gateway, 2 * MINUTE)
  let call: Call | undefined
  for (const caller of world.known) {
    call ??= await row.make()
    const { cell, isDone } = await ask(world, row, call, caller, faults)
    line.cells.set(caller.name, cell)
    if (isDone && row.changes) call = undefined
  }
}

let asked = 0

async function ask(
  { gateway }: World,
  row: Row,
  call: Call,
  caller: Caller,
  faults: Faults
): Promise<{ cell: string; isDone: boolean }> {
  asked += 1
  const headers = {
    ...caller.headers,
    // Failed authentications are counted by address.
    'cf-connecting-ip': `10.${asked >> 16}.${(asked >> 8) & 255}.${asked & 255}`,
    ...(call.contentType === undefined ? {} : { 'content-type': call.contentType }),
  }
  // A connection for each call: workerd closes one whose body it did not read.
  const { method, path: target, body } = call
  const answer = await send(gateway.url, { method, target, headers: Object.entries(headers), body })
  const { text } = answer
  const at = `${row.name} as ${caller.name}: ${answer.status} ${text.slice(0, 300)}`
  // What the caller named itself may stand in its answer.
  const named = call.path + (typeof call.body === 'string' ? call.body : '')
  faults.wrong.push(...faultsOf(answer, text, caller, named).map((fault) => `${fault}: ${at}`))
  return { cell: cellOf(row, answer), isDone: answer.status >= 200 && answer.status < 300 }
}

/** `*`: the provider answered. Else the status, and the code of the error where it is not the usual one. */
function cellOf({ isDropIn = false }: Row, { status, headers }: Answer): string {
  const code = headers.get('x-gateway-error')
  if (code === null) return isDropIn ? `${status}*` : String(status)
  return USUAL[status] === code ? String(status) : `${status} ${code}`
}

/** Only the tenant's own callers and the operator may read these. */
const OWN_NAMES = ['ann@example.com', 'kim@example.com', 'kai@example.com']
const INSIDERS = new Set(['full', 'use', 'in X-Api-Key', 'operator', 'operator for', 'metrics'])
const SECRETS = /sk_test_|kling_secret_|kling_key_|whsec_|MDEyMzQ1Njc4OWFiY2RlZj/

function faultsOf(answer: Answer, text: string, { name }: Caller, named: string): string[] {
  const { status, headers } = answer
  const code = headers.get('x-gateway-error')
  const all = text + JSON.stringify([...headers])
  const tells = OWN_NAMES.some((one) => all.includes(one) && !named.includes(one))
  return [
    ...(LEAK.test(text) ? ['tells of the code'] : []),
    ...(SECRETS.test(all) && !/"secret":"whsec_/.test(text) ? ['tells a secret'] : []),
    ...(tells && !INSIDERS.has(name) ? ['names what is not the caller’s'] : []),
    ...(status >= 500 && status !== 501 ? ['fails'] : []),
    ...(code !== null && !Object.hasOwn(ERROR_STATUS, code) ? ['has no code of ours'] : []),
    ...(headers.get('x-request-id') === null && text !== '{"ok":true}' ? ['has no id'] : []),
  ]
}

export function printed(filled: Filled[], { refused, known }: World): string {
  const callers = [...refused, ...known]
  const about = callers.map(({ name, about: what }) => `| ${name} | ${what} |`)
  return [
    '# Who is answered what',
    '',
    'Made by `npm run matrix`. Read the difference before you keep it.',
    '',
    'A number is the status. `*`: the provider answered, or the gateway in its words. Without a code the error is the usual one of its',
    'status: 400 `bad_request`, 401 `unauthorized`, 402 `subscription_required`, 403 `forbidden`, 404 `not_found`, 405 `method_not_allowed`,',
    '409 `conflict`. What a call names is there and belongs to the tenant, unless the row says otherwise.',
    '',
    '| caller | |',
    '| --- | --- |',
    ...about,
    ...filled.flatMap((section) =>
      tableOf(
        section,
        callers.map(({ name }) => name)
      )
    ),
    '',
  ].join('\n')
}

function tableOf({ title, lines }: Filled, callers: string[]): string[] {
  const head = ['call', ...callers]
  const rows = lines.map(({ name, cells }) => [
    name,
    ...callers.map((caller) => cells.get(caller) ?? ''),
  ])
  const widths = head.map((_, at) =>
    Math.max(...[head, ...rows].map((row) => row[at]?.length ?? 0))
  )
  const write = (row: string[]) =>
    `| ${row.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`
  return [
    '',
    `## ${title}`,
    '',
    write(head),
    write(widths.map((width) => '-'.repeat(width))),
    ...rows.map(write),
  ]
}
