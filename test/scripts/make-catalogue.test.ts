import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { printCatalogue, type Reference, toCatalogue } from '../../scripts/lib/catalogue.ts'

const ROW = {
  method: 'GET',
  host: 'api.heygen.com',
  path: '/v3/things/{thing_id}',
  family: 'v3',
  kind: 'read-account',
  ownerIdIn: [],
  createdIdOut: [],
  listedIdOut: [],
  mixesSharedRows: false,
  terminal: null,
  successStatus: 200,
  queryParams: ['limit (0-100)'],
  requestContentType: null,
  requestExample: null,
  responseExample: { data: { thing_id: 'th_1' } },
  errorExamples: [{ status: 404, body: { error: {} }, note: 'for people' }],
  notes: 'for people',
}
const ADDED = { ...ROW, method: 'POST', path: '/v3/things', queryParams: [] }
const PATCH = { method: 'GET', path: ROW.path, change: { kind: 'job-status', notes: 'newer' } }
const reference = (over: Partial<Reference> = {}): Reference => ({
  rows: [ROW],
  added: [ADDED],
  changed: [PATCH],
  ...over,
})

test('the catalogue has the rows of the reference and those added, as the patches say', () => {
  const rows = toCatalogue(reference(), [])
  expect(rows.map((row) => `${row.method} ${row.path} ${String(row.kind)}`)).toEqual([
    'GET /v3/things/{thing_id} job-status',
    'POST /v3/things read-account',
  ])
  expect(rows[0]).toMatchObject({ queryParams: ['limit'], pathExample: { thing_id: 'th_1' } })
  expect(JSON.stringify(rows)).not.toContain('for people')
})

test('example ids that the catalogue has stay, and made twice it is the same', () => {
  const first = toCatalogue(reference(), [])
  const before = first.map((row) => ({ ...row, pathExample: { thing_id: 'th_mine' } }))
  const made = toCatalogue(reference(), before)
  expect(made[0]?.pathExample).toEqual({ thing_id: 'th_mine' })
  expect(printCatalogue(toCatalogue(reference(), made))).toBe(printCatalogue(made))
  expect(JSON.parse(printCatalogue(made))).toEqual(made)
})

test('a patch of a row that does not exist is an error, as are a row added twice and an unknown member', () => {
  const of = (over: Partial<Reference>) => () => toCatalogue(reference(over), [])
  expect(of({ changed: [{ ...PATCH, path: '/v3/nothing' }] })).toThrow('GET /v3/nothing')
  expect(of({ added: [ROW] })).toThrow('two rows')
  expect(of({ changed: [{ ...PATCH, change: { knd: 'x' } }] })).toThrow('knd')
})

test('the script writes the catalogue from a folder of three files', () => {
  const home = mkdtempSync(path.join(tmpdir(), 'catalogue-'))
  const root = path.join(import.meta.dirname, '../..')
  cpSync(path.join(root, 'scripts'), path.join(home, 'scripts'), { recursive: true })
  mkdirSync(path.join(home, 'simulator/heygen'), { recursive: true })
  const file = path.join(home, 'simulator/heygen/catalogue.json')
  writeFileSync(file, '[]')
  const { rows, added, changed } = reference()
  writeFileSync(path.join(home, 'heygen-endpoints.json'), JSON.stringify(rows))
  writeFileSync(path.join(home, 'heygen-endpoints-added.json'), JSON.stringify(added))
  writeFileSync(path.join(home, 'heygen-endpoints-changed.json'), JSON.stringify(changed))
  execFileSync(process.execPath, ['scripts/make-catalogue.ts', home], { cwd: home })
  expect(readFileSync(file, 'utf8')).toBe(printCatalogue(toCatalogue(reference(), [])))
})
