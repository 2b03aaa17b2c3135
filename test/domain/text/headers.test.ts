/** Which headers travel. */
import { expect, test } from 'vitest'
import { headersDown, headersUp } from '#domain/text/headers.ts'

test('only the allow-list goes up', () => {
  const up = headersUp(
    new Headers({
      authorization: 'Bearer x',
      'x-api-key': 'x',
      cookie: 'a=b',
      expect: '100-continue',
      'cf-ray': '1',
      te: 'trailers',
      accept: 'a/b',
      range: 'bytes=0-1',
    })
  )
  expect([...up.keys()].sort()).toEqual(['accept', 'range'])
})

test('cookies, hop-by-hop headers and forged gateway headers do not come down [I6]', () => {
  const down = headersDown(
    new Headers({
      'set-cookie': 'AWSALB=1',
      connection: 'x-odd',
      'x-odd': '1',
      'x-gateway-account': 'evil',
      'cf-ray': '1',
      'content-type': 'a/b',
      'x-request-id': 'theirs',
      'retry-after': '3',
      'content-length': '5',
    })
  )
  expect(Object.fromEntries(down)).toEqual({
    'content-type': 'a/b',
    'x-upstream-request-id': 'theirs',
    'retry-after': '3',
    'content-length': '5',
    'cache-control': 'private, no-cache',
    vary: 'Authorization, X-Api-Key, X-Gateway-Account',
  })
})
