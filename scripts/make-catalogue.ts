/**
 * Makes simulator/heygen/catalogue.json from the reference: `node scripts/make-catalogue.ts <folder of the reference>`.
 * The folder has heygen-endpoints.json, heygen-endpoints-added.json and heygen-endpoints-changed.json.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  type CatalogueRow,
  type Patch,
  printCatalogue,
  type Reference,
  toCatalogue,
} from './lib/catalogue.ts'

const FILE = 'simulator/heygen/catalogue.json'

function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T
}

const [folder] = process.argv.slice(2)
if (folder === undefined) {
  console.error('node scripts/make-catalogue.ts <folder of the reference>')
  process.exit(1)
}
const reference: Reference = {
  rows: readJson<Reference['rows']>(path.join(folder, 'heygen-endpoints.json')),
  added: readJson<Reference['added']>(path.join(folder, 'heygen-endpoints-added.json')),
  changed: readJson<Patch[]>(path.join(folder, 'heygen-endpoints-changed.json')),
}
const rows = toCatalogue(reference, readJson<CatalogueRow[]>(FILE))
writeFileSync(FILE, printCatalogue(rows))
console.log(`${FILE}: ${rows.length} rows`)
