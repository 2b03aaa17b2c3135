/** Which row a path is of. */
import { expect, test } from 'vitest'
import { matcher } from '#domain/routing/match-route.ts'

test('literal segments beat parameters at every depth', () => {
  const match = matcher([
    { method: 'GET', path: '/v2/t/{id}' },
    { method: 'GET', path: '/v2/t/caption' },
    { method: 'GET', path: '/v2/t/{id}/srt' },
    { method: 'GET', path: '/v2/t/proofread/{pid}' },
  ])
  expect(match('GET', '/v2/t/caption')?.route.path).toBe('/v2/t/caption')
  expect(match('GET', '/v2/t/abc')?.params).toEqual({ id: 'abc' })
  expect(match('GET', '/v2/t/proofread/srt')?.route.path).toBe('/v2/t/proofread/{pid}')
  expect(match('GET', '/v2/t/caption/srt')?.params).toEqual({ id: 'caption' })
  expect(match('HEAD', '/v2/t/abc')?.route.method).toBe('GET')
  expect(match('POST', '/v2/t/abc')).toBeUndefined()
  expect(match('GET', '/v2/t/')).toBeUndefined()
  expect(match('GET', '/v2/t/%63aption/')?.route.path).toBe('/v2/t/caption')
  expect(match('GET', '/v2/t/a%20b')?.params).toEqual({ id: 'a b' })
})
