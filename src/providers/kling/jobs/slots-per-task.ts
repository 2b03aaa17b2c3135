/** Counts the slots of a task. An image task takes one slot for each image (reference/kling.md section 5). */
import { textAt, valueAt } from '#domain/text/json-pointer.ts'
import type { RouteMatch } from '#providers/contract/provider.ts'

/** The most images that one task may make. */
const IMAGES_MAX = 9
const BY_NUMBER = new Set([
  '/v1/images/generations',
  '/v1/images/omni-image',
  '/v1/images/multi-image2image',
  '/v1/images/editing/expand',
])

export function slotsPerJob({ route }: RouteMatch, body: unknown): number {
  if (!BY_NUMBER.has(route.path)) return 1
  if (valueAt(body, '/result_type') !== 'series') return images(valueAt(body, '/n') ?? 1)
  // Nobody knows before how many images `auto` makes, so the task takes as many slots as it can need.
  const amount = Number(textAt(body, '/series_amount') ?? NaN)
  return amount >= 1 ? images(amount) : IMAGES_MAX
}

/** How many images a field asks for. Text that is not a number counts as one image, since the provider refuses it. */
function images(value: unknown): number {
  const number = Number(value)
  return Number.isInteger(number) ? Math.min(Math.max(number, 1), IMAGES_MAX) : 1
}
