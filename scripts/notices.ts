/** Writes THIRD-PARTY-NOTICES from the packages in the bundle and in the pages. `npm run check:bundle` says whether it is up to date. */
import { writeFileSync } from 'node:fs'
import { makeBundle } from './lib/bundle.ts'
import { NOTICES, noticesOf } from './lib/notices.ts'

writeFileSync(NOTICES, await noticesOf(makeBundle().packages))
