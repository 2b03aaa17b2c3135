/** A row of a route table that the operator added without a deploy, as the registrar keeps it. */
import * as z from 'zod'

/** More are not for one evening's news, and all of them stand in one KV value. */
export const ADDED_ROUTES_MAX = 200

const addedRoute = z.object({
  id: z.string(),
  provider: z.string(),
  createdAt: z.number(),
  /** In the table's own notation, as it was sent. */
  form: z.record(z.string(), z.unknown()),
  /** The same as the table has it: a `Route` (providers/route.ts). */
  route: z.looseObject({ method: z.string(), path: z.string() }),
})

/** As KV has them. */
export const addedRoutes = z.array(addedRoute)

export type AddedRoute = z.infer<typeof addedRoute>

interface Shape {
  method: string
  path: string
}

/** Whether some path would be matched by both. A parameter takes any segment. */
export function overlap(a: Shape, b: Shape): boolean {
  if (a.method !== b.method) return false
  const [left, right] = [a.path.split('/'), b.path.split('/')]
  if (left.length !== right.length) return false
  return left.every((segment, index) => areOne(segment, right[index] ?? ''))
}

/** Whether some path that the template matches stands at a prefix or below it. */
export function isBelow(template: string, prefix: string): boolean {
  const segments = template.split('/')
  return prefix.split('/').every((part, index) => areOne(segments[index] ?? '', part))
}

function areOne(a: string, b: string): boolean {
  return a === b || a.startsWith('{') || b.startsWith('{')
}
