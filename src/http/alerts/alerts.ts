/** `/v1/alerts` and `/admin/alerts`: addresses that are told when something is wrong, and when it is over (docs/alerts.md). */
import type { Context } from 'hono'
import * as z from 'zod/mini'
import { ALERT_FORMS, ALERT_KINDS, OPERATOR, shownUrl, type Alert } from '#domain/alerts/alert.ts'
import {
  addAlert,
  findAlert,
  removeAlert,
  testAlert,
  type AlertCaller,
} from '#flows/alerts/alerts.ts'
import { PROVIDERS } from '#providers/index.ts'
import { actorOf } from '#http/request/actor.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { authenticateAdmin } from '#http/request/authenticate.ts'
import { readBody } from '#http/request/read-body.ts'
import { newApp, ownError, route, type App } from '#http/request/route.ts'

const kinds = z.array(z.enum(ALERT_KINDS))
const form = z.strictObject({
  url: z.string().check(z.maxLength(2048)),
  form: z.enum(ALERT_FORMS),
  events: z.optional(kinds.check(z.minLength(1), z.maxLength(ALERT_KINDS.length))),
  balanceBelow: z.optional(z.number().check(z.gte(0), z.lte(1e12))),
})
const view = z
  .object({
    id: z.string(),
    url: z.string(),
    form: z.enum(ALERT_FORMS),
    events: kinds,
    balanceBelow: z.nullable(z.number()),
    createdAt: z.string(),
  })
  .register(z.globalRegistry, { id: 'Alert' })
const withSecret = z
  .extend(view, { secret: z.string() })
  .register(z.globalRegistry, { id: 'NewAlert' })
const listView = z.object({ alerts: z.array(view) })
const testView = z
  .object({
    delivered: z.boolean(),
    status: z.nullable(z.number()),
    error: z.nullable(z.string()),
    ms: z.number(),
  })
  .register(z.globalRegistry, { id: 'AlertTest' })
const errors = { 401: ownError }

/** Whose alerts a set of paths is about: a tenant's, or the operator's, who hears of all tenants. */
interface Place {
  app: App
  change: { isAdmin: true } | { needs: 'full' }
  read: { isAdmin?: true }
  /** Whose accounts. */
  whose: string
  callerOf(c: Context<AppEnv>): AlertCaller
  mayChange(c: Context<AppEnv>): boolean
}

export const alerts = routesOf({
  app: newApp(),
  change: { needs: 'full' },
  read: {},
  whose: 'one of your accounts',
  callerOf: (c) => callerOf(c, c.get('caller').tenant),
  mayChange: (c) => c.get('caller').scope === 'full',
})

export const adminAlerts = routesOf({
  app: operatorApp(),
  change: { isAdmin: true },
  read: { isAdmin: true },
  whose: 'an account of any tenant',
  callerOf: (c) => callerOf(c, OPERATOR),
  mayChange: () => true,
})

function operatorApp(): App {
  const app: App = newApp()
  app.use(authenticateAdmin)
  return app
}

function callerOf(c: Context<AppEnv>, owner: string): AlertCaller {
  const providers = PROVIDERS.map(({ name }) => name)
  return { owner, by: actorOf(c), origin: new URL(c.req.url).origin, providers }
}

function routesOf(place: Place): App {
  mountAdd(place)
  mountReads(place)
  mountRemove(place)
  mountTest(place)
  return place.app
}

function mountAdd({ app, change, whose, callerOf: caller }: Place): void {
  route(
    app,
    {
      ...change,
      method: 'post',
      path: '/',
      summary: `Name an address that is told when ${whose} has a fault, and when it is over`,
      body: form,
      answers: { 201: withSecret, 400: ownError, 409: ownError },
    },
    async (c) => {
      const { events = null, ...rest } = await readBody(c, form)
      const { alert, secret } = await addAlert(c.get('ports'), caller(c), { ...rest, events })
      return c.json({ ...toView(alert, true), secret }, 201)
    }
  )
}

function mountReads({ app, read, callerOf: caller, mayChange }: Place): void {
  route(
    app,
    {
      ...read,
      method: 'get',
      path: '/',
      summary: 'The alerts, oldest first, without their secrets',
      answers: { 200: listView, ...errors },
    },
    async (c) => {
      const all = await c.get('ports').registrar.listAlerts(caller(c).owner)
      return c.json({ alerts: all.map((one) => toView(one, mayChange(c))) })
    }
  )
  route(
    app,
    {
      ...read,
      method: 'get',
      path: '/{id}',
      summary: 'One alert',
      answers: { 200: view, ...errors, 404: ownError },
    },
    async (c) => {
      const alert = await findAlert(c.get('ports'), caller(c).owner, c.req.param('id') ?? '')
      return c.json(toView(alert, mayChange(c)))
    }
  )
}

function mountRemove({ app, change, callerOf: caller }: Place): void {
  route(
    app,
    {
      ...change,
      method: 'delete',
      path: '/{id}',
      summary: 'Remove an alert. Messages that are not sent yet are given up',
      answers: { 204: '', ...errors, 404: ownError },
    },
    async (c) => {
      await removeAlert(c.get('ports'), caller(c), c.req.param('id') ?? '')
      return c.body(null, 204)
    }
  )
}

function mountTest({ app, change, callerOf: caller }: Place): void {
  route(
    app,
    {
      ...change,
      method: 'post',
      path: '/{id}/test',
      summary: 'Send a message to the address now, once, and show what it answered',
      answers: { 200: testView, ...errors, 404: ownError },
    },
    async (c) => {
      const result = await testAlert(c.get('ports'), caller(c), c.req.param('id') ?? '')
      const { isAccepted, status = null, error = null, ms } = result
      return c.json({ delivered: isAccepted, status, error, ms })
    }
  )
}

function toView(
  { id, url, form: word, events, balanceBelow, createdAt }: Alert,
  isWhole: boolean
): z.infer<typeof view> {
  return {
    id,
    url: isWhole ? url : shownUrl(url),
    form: word,
    events: events ?? [...ALERT_KINDS],
    balanceBelow: balanceBelow ?? null,
    createdAt: new Date(createdAt).toISOString(),
  }
}
