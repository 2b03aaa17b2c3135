/** `npm run assets`: makes `assets/`, the pages that are served before the Worker. */
import { writeAssets } from './lib/assets/write-assets.ts'

await writeAssets()
