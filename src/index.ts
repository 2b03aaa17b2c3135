/**
 * heygen-gateway: many accounts behind one URL and one token. This file lists the middlewares in order, and the paths with the
 * files that serve them.
 *
 * A request is a call meant for a provider, or it is for one of our own paths (surface.ts). `calls` serves the one, `own` the other.
 * Most requests are calls, so they do not pass what only our own paths need.
 *
 * What each middleware does:
 * 1 requestId     gives the request an id, for its answer, the log and its lease
 * 2 logRequests   writes one line of the log when the answer is ready
 * 3 withPorts     makes the ports: stores, objects, the network, the clock; fails if a setting is bad
 * 4 guards        refuses requests if a setting is unsafe at this address, odd paths, and deliveries of a gateway
 * 5 streaming     (calls) serves streaming calls, which have tokens and CORS rules of their own
 * 6 authenticate  finds the token of the request (`caller`)
 * 7 knownMethods  (own) answers 405 to a wrong method on our own paths
 */
import { PROVIDERS } from '#providers/index.ts'
import { writePoint } from '#composition/analytics.ts'
import { makePorts, problemAt, writeLog } from '#composition/make-ports.ts'
import { platform } from '#composition/platform.ts'
import { accounts } from '#http/accounts/accounts.ts'
import { adminAccounts } from '#http/accounts/admin-accounts.ts'
import { adminDeliveries } from '#http/events/admin-deliveries.ts'
import { adminJobs } from '#http/jobs/admin-jobs.ts'
import { backup } from '#http/backup/backup.ts'
import { adminAlerts, alerts } from '#http/alerts/alerts.ts'
import { adminRoutes } from '#http/routing/admin-routes.ts'
import { admin } from '#http/access/admin.ts'
import { newApp } from '#http/request/route.ts'
import { audit } from '#http/access/audit.ts'
import { authenticate } from '#http/request/authenticate.ts'
import { callbackSecret, deliveries } from '#http/events/deliveries.ts'
import { dropIn } from '#http/calls/drop-in.ts'
import { jobs } from '#http/jobs/jobs.ts'
import { mcp } from '#http/mcp/mcp.ts'
import { INSTRUCTIONS, toolsFor } from '#http/mcp/tools.ts'
import { knownMethods } from '#http/request/known-methods.ts'
import { logRequests } from '#http/request/log-requests.ts'
import { platformAccount } from '#http/access/platform-account.ts'
import { guards, requestId, withPorts } from '#http/request/request-guards.ts'
import { metrics } from '#http/live/metrics.ts'
import { live } from '#http/live/live.ts'
import { adminPool, pool } from '#http/live/pool.ts'
import { adminThroughput, throughput } from '#http/live/throughput.ts'
import { queue } from '#http/queue/cancel.ts'
import { adminUsage, usage } from '#http/usage/usage.ts'
import { receivers } from '#http/events/receivers.ts'
import { respondError } from '#http/request/respond-error.ts'
import { isCall } from '#http/request/surface.ts'
import { settings } from '#http/accounts/settings.ts'
import { signIns } from '#http/accounts/sign-in.ts'
import { speech } from '#http/useapi/speech.ts'
import { openCors, streaming } from '#http/streaming/streaming.ts'
import { tasks } from '#http/useapi/tasks.ts'
import { serveUpload } from '#http/uploads/uploads.ts'
import { healthz, notFound, welcome } from '#http/about/welcome.ts'

export { AccountSlots } from '#durable/account-slots.ts'
export { TenantDesk } from '#durable/tenant-desk.ts'

const named = requestId(platform)
const logged = logRequests(writeLog, writePoint, platform.now)
const equipped = withPorts(makePorts)

/** A provider's name and any path; also `/v1/*`, `/v2/*`, `/v3/*`, for clients that can change only the host. */
const calls = newApp()
calls.onError(respondError)
calls.use(named, logged, equipped, guards, openCors, streaming, authenticate)
calls.all('*', dropIn)

const own = newApp()
own.onError(respondError)
own.notFound(notFound)
own.use(named)
own.get('/healthz', healthz(problemAt))
own.use(logged)
own.get('/', welcome)
own.use(equipped, guards)

own.route('/webhooks', receivers('webhook')) // no token: the URL is sealed and the body is signed
own.route('/callbacks', receivers('ticket')) // no token: the URL is sealed
own.route('/admin/routes', adminRoutes)
own.route('/admin/accounts', adminAccounts(PROVIDERS))
own.route('/admin/jobs', adminJobs(PROVIDERS.map(({ name }) => name)))
own.route('/admin/deliveries', adminDeliveries)
own.route('/admin/pool', adminPool)
own.route('/admin/alerts', adminAlerts)
own.route('/admin', backup)
own.route('/admin/throughput', adminThroughput)
own.route('/admin/usage', adminUsage)
own.route('/admin', admin) // needs ADMIN_TOKEN
own.get('/metrics', metrics) // needs METRICS_TOKEN or ADMIN_TOKEN
own.route('/v1/live', live) // needs a tenant's token or ADMIN_TOKEN; the socket needs a ticket
own.get('/files/:name', serveUpload) // no token: nobody can guess a name

own.use('/v1/*', authenticate)
own.use('/v2/*', authenticate)
own.use('/v3/*', authenticate)
own.use('/mcp', authenticate)
own.use(knownMethods(own))
for (const provider of PROVIDERS) {
  own.use(`/${provider.name}/*`, authenticate)
  const { signIn } = provider.accounts
  if (signIn) own.route(`/v1/${provider.name}/accounts/sign-in`, signIns(provider, signIn))
  own.route(`/v1/${provider.name}/accounts`, accounts(provider))
  own.route(`/v1/${provider.name}`, jobs(provider))
  own.route(`/v1/${provider.name}/queue`, queue(provider))
  own.route(`/v1/${provider.name}/throughput`, throughput(provider))
  own.route(`/v1/${provider.name}/settings`, settings(provider))
  if (provider.useapi?.tasks)
    own.route(`/v1/${provider.name}`, tasks(provider, provider.useapi.tasks))
  if (provider.useapi?.speech)
    own.route(`/v1/${provider.name}/tts`, speech(provider, provider.useapi.speech))
}
own.route('/v1/alerts', alerts)
own.route('/v1/audit', audit)
own.route('/v1/pool', pool)
own.route('/v1/usage', usage)
own.route('/v1/deliveries', deliveries)
own.route('/v1/callback-secret', callbackSecret)
own.route('/v2/account', platformAccount)

/** Workers call its `fetch`. `npm run openapi` reads its routes. */
const gateway = {
  routes: own.routes,
  fetch: (request: Request, env: Env, context: ExecutionContext) =>
    (isCall(request, PROVIDERS) ? calls : own).fetch(request, env, context),
}
const agents = mcp({ tools: toolsFor(PROVIDERS), instructions: INSTRUCTIONS, own: gateway })
own.post('/mcp', agents)
own.get('/mcp', agents)

export default gateway
