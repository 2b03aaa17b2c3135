/** A row of a route table that the operator added without a deploy, as the registrar stores it. */
import * as z from 'zod/mini'

/** All added rows are kept in one KV value, so their number is limited. */
export const ADDED_ROUTES_MAX = 200

const addedRoute = z.object({
  id: z.string(),
  provider: z.string(),
  createdAt: z.number(),
  /** The row as the operator sent it. */
  form: z.record(z.string(), z.unknown()),
  /** The row as a `Route` (providers/contract). */
  route: z.looseObject({ method: z.string(), path: z.string() }),
})

/** The value in KV. */
export const addedRoutes = z.array(addedRoute)

export type AddedRoute = z.infer<typeof addedRoute>

interface Shape {
  method: string
  path: string
}

/** Whether some path matches both rows. A parameter matches any segment. */
export function overlap(a: Shape, b: Shape): boolean {
  if (a.method !== b.method) return false
  const [left, right] = [a.path.split('/'), b.path.split('/')]
  if (left.length !== right.length) return false
  return left.every((segment, index) => areOne(segment, right[index] ?? ''))
}

/** Whether a path exists that the template matches and that starts with the prefix. */
export function isBelow(template: string, prefix: string): boolean {
  const segments = template.split('/')
  return prefix.split('/').every((part, index) => areOne(segments[index] ?? '', part))
}

function areOne(a: string, b: string): boolean {
  return a === b || a.startsWith('{') || b.startsWith('{')
}
