import { expect, test } from 'vitest'
import { errorsIn } from '../../dashboard/parts/form-errors.ts'

test.each([
  ['maxJobs: must be an integer from 1 to 10', { maxJobs: 'Must be an integer from 1 to 10.' }, ''],
  ['name is empty', { name: 'This is empty.' }, ''],
  ['name and url are required', { name: 'This is needed.', url: 'This is needed.' }, ''],
  ['replyUrl is too long', { replyUrl: 'This is too long.' }, ''],
  ['events must be a list of event types', { events: 'This must be a list of event types.' }, ''],
  [
    'name is empty. url: must be https. Unknown field colour',
    { name: 'This is empty.', url: 'Must be https.' },
    'Unknown field colour',
  ],
  ['token: is not of this form', {}, 'token: is not of this form'],
  ['There is no such tenant', {}, 'There is no such tenant'],
  ['It did not answer: no address', {}, 'It did not answer: no address'],
])('%j stands beside its field', (message, fields, rest) => {
  const names = ['name', 'url', 'maxJobs', 'replyUrl', 'events', '']
  expect(errorsIn(message, names)).toEqual({ fields, rest })
})
