/** `/admin/routes`: the operator adds rows to the route table without a deploy. */
import * as z from 'zod/mini'
import type { AddedRoute } from '#domain/routing/added-route.ts'
import { ADDED_ROUTES_MAX } from '#domain/routing/added-route.ts'
import { AppError } from '#domain/runtime/errors.ts'
import type { Ports } from '#domain/ports/ports.ts'
import { newRecordId } from '#domain/access/token.ts'
import {
  addedRowForm,
  findProvider,
  problemsOf,
  PROVIDERS,
  refusalOf,
  routeOf,
  type AddedRowForm,
} from '#providers/index.ts'
import { actorOf } from '#http/request/actor.ts'
import { authenticateAdmin } from '#http/request/authenticate.ts'
import { readBody } from '#http/request/read-body.ts'
import { newApp, ownError, route } from '#http/request/route.ts'
import { sayWrong } from '#http/request/wrong-fields.ts'

/** Paths that the gateway answers itself, now or later (contract section 2). No added row may match them. */
export const OWN = [
  ...PROVIDERS.map(({ name }) => `/v1/${name}`),
  '/v1/deliveries',
  '/v1/callback-secret',
  '/v1/live',
  '/v1/usage',
  '/v1/audit',
  '/v1/alerts',
  '/v2/account',
  '/admin',
  '/webhooks',
  '/callbacks',
]

const view = z.catchall(z.object({ id: z.string(), createdAt: z.string() }), z.unknown())
const routesView = z.object({ routes: z.array(view) })

export const adminRoutes = newApp()

adminRoutes.use(authenticateAdmin)

route(
  adminRoutes,
  {
    isAdmin: true,
    method: 'post',
    path: '/',
    summary: 'Add a path without a deploy. It works everywhere within a minute',
    body: addedRowForm,
    answers: { 201: view, 400: ownError, 409: ownError },
  },
  async (c) => {
    const form = readForm(await readBody(c, z.looseObject({})))
    const provider = findProvider(form.provider)
    if (!provider) {
      const names = PROVIDERS.map(({ name }) => name).join(', ')
      throw new AppError('bad_request', `provider: must be one of ${names}`)
    }
    const made = routeOf(provider, form)
    const refusal = refusalOf(provider, made, OWN)
    if (refusal !== undefined) throw new AppError('bad_request', refusal)
    const ports = c.get('ports')
    const record: AddedRoute = {
      id: newRecordId('row', ports.randomBytes),
      provider: provider.name,
      createdAt: ports.now(),
      form,
      route: { ...made },
    }
    const added = await ports.registrar.addRoute(record, actorOf(c))
    if (added === 'taken')
      throw new AppError(
        'conflict',
        'path: a row that was added before answers it. Remove that one first.'
      )
    if (added === 'full')
      throw new AppError(
        'conflict',
        `There may be ${ADDED_ROUTES_MAX} added rows. Remove one first.`
      )
    await refresh(ports)
    return c.json(toView(record), 201)
  }
)

route(
  adminRoutes,
  {
    isAdmin: true,
    method: 'get',
    path: '/',
    summary: 'The rows that were added, oldest first',
    answers: { 200: routesView },
  },
  async (c) => {
    const routes = await c.get('ports').registrar.listRoutes()
    return c.json({ routes: routes.map(toView) })
  }
)

route(
  adminRoutes,
  {
    isAdmin: true,
    method: 'delete',
    path: '/{id}',
    summary: 'Remove an added row. Its running jobs are still tracked',
    answers: { 204: '', 404: ownError },
  },
  async (c) => {
    const ports = c.get('ports')
    const isRemoved = await ports.registrar.removeRoute(c.req.param('id') ?? '', actorOf(c))
    if (!isRemoved) throw new AppError('not_found', 'There is no such row')
    await refresh(ports)
    return c.body(null, 204)
  }
)

/** Reads the row. Throws one error that names all wrong fields. */
function readForm(fields: unknown): AddedRowForm {
  const read = addedRowForm.safeParse(fields)
  if (!read.success) throw new AppError('bad_request', sayWrong(read.error, addedRowForm, fields))
  const problems = problemsOf(read.data)
  if (problems.length === 0) return read.data
  throw new AppError('bad_request', problems.join('; '))
}

/** Updates this isolate's cache. Other isolates get the change when their cache expires. */
async function refresh(ports: Ports): Promise<void> {
  ports.addedRoutes.remember(await ports.registrar.listRoutes())
}

function toView({ id, createdAt, form }: AddedRoute): z.infer<typeof view> {
  return { id, createdAt: new Date(createdAt).toISOString(), ...form }
}
