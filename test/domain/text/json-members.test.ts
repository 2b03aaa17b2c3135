import { expect, test } from 'vitest'
import { replaceMember, withoutMember } from '#domain/text/json-slices.ts'

const AT = '/callback_url'

test.each([
  ['{"callback_url":"a"}', '{"callback_url":"B"}', '{}'],
  ['{"callback_url":"a","n":1}', '{"callback_url":"B","n":1}', '{"n":1}'],
  ['{"n":1,"callback_url":"a"}', '{"n":1,"callback_url":"B"}', '{"n":1}'],
  [
    '{ "n" : 12345678901234567890 ,\n "callback_url" : "a" , "m" : [1.0] }',
    '{ "n" : 12345678901234567890 ,\n "callback_url" : "B" , "m" : [1.0] }',
    '{ "n" : 12345678901234567890 ,\n "m" : [1.0] }',
  ],
  ['{"callback\\u005furl":"a"}', '{"callback\\u005furl":"B"}', '{}'],
  ['{"callback_url":"a","callback_url":"b"}', '{"callback_url":"B"}', '{}'],
  [
    '{"callback_url":1,"n":1,"callback_url":2 , "callback_url":3}',
    '{"n":1,"callback_url":"B"}',
    '{"n":1}',
  ],
  ['{"x":{"callback_url":"a"}}', '{"x":{"callback_url":"a"}}', '{"x":{"callback_url":"a"}}'],
  ['{"x":"callback_url"}', '{"x":"callback_url"}', '{"x":"callback_url"}'],
  ['{"callback_url":{"deep":["}"]},"n":1}', '{"callback_url":"B","n":1}', '{"n":1}'],
])('of %s only the member is changed, or cut out [I7]', (text, replaced, cut) => {
  expect(replaceMember(text, AT, '"B"')).toBe(replaced)
  expect(withoutMember(text, AT)).toBe(cut)
  expect(() => JSON.parse(withoutMember(text, AT)) as unknown).not.toThrow()
})

test('a body with very many of them takes no longer for it', () => {
  const text = `{${Array.from({ length: 200_000 }, () => '"callback_url":"a"').join(',')}}`
  // The least of several tries: a pause of the machine can only add. Copying the text for each member takes minutes.
  let leastMs = Infinity
  for (let time = 0; time < 5 && leastMs > 3000; time += 1) {
    const began = performance.now()
    expect(withoutMember(text, AT)).toBe('{}')
    leastMs = Math.min(leastMs, performance.now() - began)
  }
  expect(leastMs).toBeLessThanOrEqual(3000)
})

test('a member further in is found by its pointer; of two objects of one name the later counts', () => {
  const text = '{"options":{"callback_url":"a"},"options":{"callback_url":"b","n":1}}'
  const changed = replaceMember(text, '/options/callback_url', '"B"')
  expect(JSON.parse(changed)).toEqual({ options: { callback_url: 'B', n: 1 } })
  expect(JSON.parse(withoutMember(text, '/options/callback_url'))).toEqual({ options: { n: 1 } })
})
