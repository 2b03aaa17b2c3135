/** What `npm start` prints of the gateway's log. */
import { expect, test } from 'vitest'
import { toShortLine } from '../../scripts/lib/show-log.ts'

const show = (line: object, level = 'info') =>
  toShortLine({ level, message: JSON.stringify({ level, ...line }) })

test('a request is one short line: what, what came of it, where, how long', () => {
  const request = {
    event: 'request',
    requestId: 'r',
    tenant: 't',
    token: 'k',
    method: 'POST',
    route: '/heygen/v3/videos',
    status: 200,
    account: 'bob@example.com',
    job: 'j',
    ownMs: 11,
    upstreamMs: 30,
  }
  expect(show(request)).toBe('POST /heygen/v3/videos 200 bob@example.com 41 ms')
  const { account: _, ...full } = { ...request, status: 429, code: 'slots_full' }
  expect(show(full)).toBe('POST /heygen/v3/videos 429 slots_full 41 ms')
})

test('a setting that is wrong is shown as its sentence, an end of a job in words, any other event with its facts', () => {
  expect(show({ event: 'setting_invalid', message: 'The setting X is missing.' }, 'error')).toBe(
    'The setting X is missing.'
  )
  expect(
    show({ event: 'job_ended', outcome: 'completed', job: 'v1', account: 'a@b', seconds: 8 })
  ).toBe('job ended completed v1 a@b after 8 s')
  expect(show({ event: 'account_added', tenant: 't', account: 'a@b' })).toBe(
    'account added account=a@b'
  )
})

test('what is no line of ours is shown where it is an error', () => {
  expect(toShortLine({ level: 'error', message: 'Uncaught' })).toBe('Uncaught')
  expect(toShortLine({ level: 'log', message: 'chatter' })).toBeUndefined()
})
