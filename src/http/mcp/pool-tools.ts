/** Tools about the pool: its accounts with their slots, and whether it can take a job now. */
import { isObject } from '#domain/mcp/message.ts'
import { READS, type Arguments, type Field } from '#domain/mcp/tool.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { accepted, rowsOf, toResult, type Tool, type ToolContext } from './tool-call.ts'

const number = { type: 'integer' }
const text = { type: 'string' }
const textOrNull = { type: ['string', 'null'] }

export function poolTools(
  input: Record<string, Field>,
  providerOf: (given: Arguments) => Provider
): Tool[] {
  return [
    {
      name: 'list_accounts',
      title: 'List accounts',
      description:
        'The accounts of the pool by email, with their slots (jobs that may run at once) and what is wrong with them. Never a key or a password.',
      input,
      output: {
        accounts: {
          type: 'array',
          items: {
            type: 'object',
            properties: {
              account: text,
              max_jobs: { ...number, description: 'Slots' },
              running: number,
              free: number,
              error: { ...textOrNull, description: 'Why it gets no new jobs now' },
            },
          },
        },
      },
      hints: READS,
      needs: 'use',
      run: async (given, context) =>
        toResult({ accounts: await accountsOf(context, providerOf(given)) }),
    },
    {
      name: 'pool_health',
      title: 'Health of the pool',
      description:
        'Whether a video can be started now: ok, degraded (some accounts get no jobs), full (all slots are taken), down (no account gets jobs) or empty (there are no accounts).',
      input,
      output: {
        state: { type: 'string', enum: ['ok', 'degraded', 'full', 'down', 'empty'] },
        accounts: { ...number, description: 'How many accounts there are' },
        slots: { ...number, description: 'Of the accounts that get jobs' },
        running: number,
        free: number,
        troubled: {
          type: 'array',
          description: 'Accounts that get no jobs, and why',
          items: { type: 'object', properties: { account: text, error: text } },
        },
      },
      hints: READS,
      needs: 'use',
      run: async (given, context) =>
        toResult(healthOf(await accountsOf(context, providerOf(given)))),
    },
  ]
}

interface Shown {
  account: string
  max_jobs: number
  running: number
  free: number
  error: string | null
}

async function accountsOf(context: ToolContext, provider: Provider): Promise<Shown[]> {
  const answer = accepted(await context.ask('GET', `/v1/${provider.name}/scheduler/available`))
  return rowsOf(isObject(answer) ? answer['available'] : []).map((row) => ({
    account: String(row['email']),
    max_jobs: Number(row['maxJobs']),
    running: Number(row['executing']),
    free: Number(row['available']),
    error: typeof row['error'] === 'string' ? row['error'] : null,
  }))
}

function healthOf(accounts: Shown[]): Record<string, unknown> {
  const well = accounts.filter(({ error }) => error === null)
  const sum = (of: (account: Shown) => number) => well.reduce((all, one) => all + of(one), 0)
  const free = sum((one) => one.free)
  const troubled = accounts.filter(({ error }) => error !== null)
  return {
    state: stateOf(accounts.length, well.length, free),
    accounts: accounts.length,
    slots: sum((one) => one.max_jobs),
    running: accounts.reduce((all, one) => all + one.running, 0),
    free,
    troubled: troubled.map(({ account, error }) => ({ account, error })),
  }
}

function stateOf(all: number, well: number, free: number): string {
  if (all === 0) return 'empty'
  if (well === 0) return 'down'
  if (free === 0) return 'full'
  return well < all ? 'degraded' : 'ok'
}
