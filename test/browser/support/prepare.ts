/** Runs before the first test: makes the pages. */
import { writeAssets } from '../../../scripts/lib/assets/write-assets.ts'

export async function setup(): Promise<void> {
  await writeAssets()
}
