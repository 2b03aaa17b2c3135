/**
 * The whole route table, and the search for the row of a call. Literal segments win over parameters (reference/heygen.md section
 * 10).
 */
import type { Route, RouteMatch } from '#providers/contract/provider.ts'
import { matcher } from '#domain/routing/match-route.ts'
import { V1_ROUTES } from './v1.ts'
import { V2_ROUTES } from './v2.ts'
import { V3_ROUTES } from './v3.ts'

export const ROUTES: readonly Route[] = [...V1_ROUTES, ...V2_ROUTES, ...V3_ROUTES]

export const matchRoute: (method: string, path: string) => RouteMatch | undefined = matcher(ROUTES)
