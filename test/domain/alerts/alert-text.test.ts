/** Messages in each form. Names are chosen by others, so they must not be read as links, mentions or markup. */
import { expect, test } from 'vitest'
import { bodyOf, type AlertMessage } from '#domain/alerts/alert-text.ts'
import { ALERT_KINDS } from '#domain/alerts/alert.ts'

const message: AlertMessage = {
  id: 'alrt_1',
  kind: 'account_parked',
  state: 'raised',
  at: 1_796_000_000_000,
  tenant: 'acme~2',
  provider: 'heygen',
  account: 'a@example.com',
  fault: { reason: 'credit', detail: 'no credit', scope: 'jobs', until: 1_796_000_100_000 },
}

test('the generic form is an event with a text and its facts', () => {
  expect(JSON.parse(bodyOf(message, 'generic'))).toEqual({
    id: 'alrt_1',
    type: 'gateway.alert',
    kind: 'account_parked',
    state: 'raised',
    at: '2026-11-30T00:53:20.000Z',
    tenant: 'acme',
    provider: 'heygen',
    account: 'a@example.com',
    text: 'Account a@example.com (heygen, tenant acme) is parked until 2026-11-30T00:55:00.000Z for credit: no credit.',
    detail: {
      reason: 'credit',
      detail: 'no credit',
      scope: 'jobs',
      until: '2026-11-30T00:55:00.000Z',
    },
  })
})

const EVIL = [
  '<!channel> <https://evil.example|click>',
  '@everyone <@123> [click](https://evil.example)',
  '`` ` ```js\nx\n```',
  '*b* _i_ ~s~ > quote\n# head',
  '\u2028line\u202Eevil\u0000',
  'https://evil.example/?q=&amp;',
]

test.each(EVIL)('no name becomes markup of a chat: %j', (name) => {
  for (const kind of ALERT_KINDS)
    for (const state of ['raised', 'recovered'] as const) {
      const evil = { ...message, kind, state, tenant: name, account: name, fault: { detail: name } }
      const slack = (JSON.parse(bodyOf(evil, 'slack')) as { text: string }).text
      const discord = JSON.parse(bodyOf(evil, 'discord')) as { content: string }
      expect(slack).not.toMatch(/[<>\n\u2028\u202E\0]|&(?!amp;|lt;|gt;)/)
      expect(discord).toMatchObject({ allowed_mentions: { parse: [] } })
      // Outside of code there are only our own words.
      for (const text of [slack, discord.content]) {
        expect(text.split('`').length % 2).toBe(1)
        const ours = text.split('`').filter((_, at) => at % 2 === 0)
        expect(ours.join('')).not.toMatch(/evil|@|channel|[[\]*_~#]/)
      }
    }
})

test('a message for Discord has at most 2,000 characters, however long the names are', () => {
  const name = '😀'.repeat(5000)
  const long = { ...message, account: name, tenant: name, fault: { detail: name, reason: name } }
  const { content } = JSON.parse(bodyOf(long, 'discord')) as { content: string }
  expect(content.length).toBeLessThanOrEqual(2000)
})

test('every kind has a text for its beginning and its end, without a placeholder', () => {
  const fault = { ...message.fault, amount: 3.5, unit: 'usd', since: message.at, count: 1 }
  for (const kind of ALERT_KINDS)
    for (const state of ['raised', 'recovered'] as const) {
      const { account, ...pool } = message
      const about = ['pool_full', 'queue_old'].includes(kind) ? pool : { ...pool, account }
      const { text } = JSON.parse(
        bodyOf({ ...about, kind, state, fault } as AlertMessage, 'generic')
      ) as { text: string }
      expect(text, kind).toMatch(/^(Account|A delivery|The pool) .*\.$/)
      expect(text).not.toMatch(/undefined|null|NaN/)
    }
})
