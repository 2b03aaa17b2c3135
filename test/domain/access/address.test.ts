import { expect, test } from 'vitest'
import { rateLimitKeyOf } from '../../../src/domain/access/client-address.ts'

test.each([
  ['198.51.100.7', '198.51.100.7'],
  [' 198.51.100.7 ', '198.51.100.7'],
  ['::ffff:198.51.100.7', '198.51.100.7'],
  ['::FFFF:C633:6407', '198.51.100.7'],
  ['0:0:0:0:0:ffff:c633:6407', '198.51.100.7'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002:ffff:ffff:ffff:ffff', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:0:0:1::', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['2002:c633:6407:9::1', '2002:c633:6407::/48'],
  ['unknown', 'unknown'],
  ['', ''],
  ['1:2:3', '1:2:3'],
  ['1::2::3', '1::2::3'],
  ['1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8:9'],
  ['::g', '::g'],
])('failures of "%s" count under "%s"', (address, key) => {
  expect(rateLimitKeyOf(address)).toBe(key)
})

test('what is no address counts under no more than 64 characters of it', () => {
  expect(rateLimitKeyOf('x'.repeat(10_000))).toBe('x'.repeat(64))
})
