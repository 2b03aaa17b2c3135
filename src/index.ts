/**
 * heygen-gateway: many accounts behind one URL and one token. This file lists the middlewares in order, and the paths with the
 * files that serve them.
 *
 * What each middleware does:
 * 1 requestId     gives the request an id, for its answer, the log and its lease
 * 2 logRequests   writes one line of the log when the answer is ready
 * 3 withPorts     makes the ports: stores, objects, the network, the clock; fails if a setting is bad
 *   safeHere      refuses requests if a setting is unsafe at this address
 * 4 plainPath     refuses paths that the provider could read differently
 * 5 noLoops       refuses deliveries of a gateway
 * 6 streaming     serves streaming calls, which have tokens and CORS rules of their own
 * 7 authenticate  finds the token of the request (`caller`)
 * 8 knownMethods  answers 405 to a wrong method on our own paths
 */
import { Hono } from 'hono'
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
import type { AppEnv } from '#http/request/app-env.ts'
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
import { noLoops, plainPath, requestId, safeHere, withPorts } from '#http/request/request-guards.ts'
import { metrics } from '#http/live/metrics.ts'
import { live } from '#http/live/live.ts'
import { adminPool, pool } from '#http/live/pool.ts'
import { adminThroughput, throughput } from '#http/live/throughput.ts'
import { receivers } from '#http/events/receivers.ts'
import { respondError } from '#http/request/respond-error.ts'
import { signIns } from '#http/accounts/sign-in.ts'
import { speech } from '#http/useapi/speech.ts'
import { openCors, streaming } from '#http/streaming/streaming.ts'
import { tasks } from '#http/useapi/tasks.ts'
import { serveUpload } from '#http/uploads/uploads.ts'
import { healthz, notFound, welcome } from '#http/about/welcome.ts'

export { AccountSlots } from '#durable/account-slots.ts'
export { TenantDesk } from '#durable/tenant-desk.ts'

const app = new Hono<AppEnv>({ strict: false })

app.onError(respondError)
app.notFound(notFound)
app.use(requestId(platform))
app.get('/healthz', healthz(problemAt))
app.use(logRequests(writeLog, writePoint, platform.now))
app.get('/', welcome)
app.use(withPorts(makePorts), safeHere, plainPath, noLoops)
app.use(openCors, streaming)

app.route('/webhooks', receivers('webhook')) // no token: the URL is sealed and the body is signed
app.route('/callbacks', receivers('ticket')) // no token: the URL is sealed
app.route('/admin/routes', adminRoutes)
app.route('/admin/accounts', adminAccounts(PROVIDERS))
app.route('/admin/jobs', adminJobs(PROVIDERS.map(({ name }) => name)))
app.route('/admin/deliveries', adminDeliveries)
app.route('/admin/pool', adminPool)
app.route('/admin/alerts', adminAlerts)
app.route('/admin', backup)
app.route('/admin/throughput', adminThroughput)
app.route('/admin', admin) // needs ADMIN_TOKEN
app.get('/metrics', metrics) // needs METRICS_TOKEN or ADMIN_TOKEN
app.route('/v1/live', live) // needs a tenant's token or ADMIN_TOKEN; the socket needs a ticket
app.get('/files/:name', serveUpload) // no token: nobody can guess a name

app.use('/v1/*', authenticate)
app.use('/v2/*', authenticate)
app.use('/v3/*', authenticate)
app.use('/mcp', authenticate)
app.use(knownMethods(app))
for (const provider of PROVIDERS) {
  app.use(`/${provider.name}/*`, authenticate)
  const { signIn } = provider.accounts
  if (signIn) app.route(`/v1/${provider.name}/accounts/sign-in`, signIns(provider, signIn))
  app.route(`/v1/${provider.name}/accounts`, accounts(provider))
  app.route(`/v1/${provider.name}`, jobs(provider))
  app.route(`/v1/${provider.name}/throughput`, throughput(provider))
  if (provider.useapi?.tasks)
    app.route(`/v1/${provider.name}`, tasks(provider, provider.useapi.tasks))
  if (provider.useapi?.speech)
    app.route(`/v1/${provider.name}/tts`, speech(provider, provider.useapi.speech))
  app.all(`/${provider.name}/*`, dropIn)
}
app.route('/v1/alerts', alerts)
app.route('/v1/audit', audit)
app.route('/v1/pool', pool)
app.route('/v1/deliveries', deliveries)
app.route('/v1/callback-secret', callbackSecret)
app.route('/v2/account', platformAccount)
const agents = mcp({ tools: toolsFor(PROVIDERS), instructions: INSTRUCTIONS, own: app })
app.post('/mcp', agents)
app.get('/mcp', agents)
app.all('/v1/*', dropIn) // for clients that can change only the host
app.all('/v2/*', dropIn)
app.all('/v3/*', dropIn)

/** Workers call its `fetch`. `npm run openapi` reads its routes. */
export default app
