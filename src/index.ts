/**
 * heygen-gateway: many accounts behind one URL and one token. This page is its table of contents.
 *
 * In order, and who reads what it writes:
 * 1 requestId     writes requestId        every answer, the log, the lease's name
 * 2 logRequests   reads all of it         one line of the log a request
 * 3 withPorts     writes ports            every room; a bad setting ends here
 *   safeHere      refuses settings that are unsafe where we are called
 * 4 plainPath     refuses odd paths       the drop-in
 * 5 noLoops       refuses what a gateway delivered
 * 6 streaming     answers streaming calls; their tokens and CORS are their own
 * 7 authenticate  writes caller           everything below it
 * 8 knownMethods  refuses other methods on our own paths
 */
import { OpenAPIHono } from '@hono/zod-openapi'
import { PROVIDERS } from '#providers/index.ts'
import { makePorts, problemAt, writeLog } from '#composition/make-ports.ts'
import { accounts } from '#http/accounts/accounts.ts'
import { adminRoutes } from '#http/routing/admin-routes.ts'
import { admin } from '#http/access/admin.ts'
import type { AppEnv } from '#http/request/app-env.ts'
import { audit } from '#http/access/audit.ts'
import { authenticate } from '#http/request/authenticate.ts'
import { callbackSecret, deliveries } from '#http/events/deliveries.ts'
import { dropIn } from '#http/calls/drop-in.ts'
import { jobs } from '#http/jobs/jobs.ts'
import { knownMethods } from '#http/request/known-methods.ts'
import { logRequests } from '#http/request/log-requests.ts'
import { notFound, openapi } from '#http/about/openapi.ts'
import { platformAccount } from '#http/access/platform-account.ts'
import { noLoops, plainPath, requestId, safeHere, withPorts } from '#http/request/request-guards.ts'
import { receivers } from '#http/events/receivers.ts'
import { respondError } from '#http/request/respond-error.ts'
import { speech } from '#http/useapi/speech.ts'
import { openCors, streaming } from '#http/streaming/streaming.ts'
import { tasks } from '#http/useapi/tasks.ts'
import { serveUpload } from '#http/uploads/uploads.ts'
import { healthz, welcome } from '#http/about/welcome.ts'

export { AccountSlots } from '#durable/account-slots.ts'
export { TenantDesk } from '#durable/tenant-desk.ts'

const app = new OpenAPIHono<AppEnv>({ strict: false })

app.onError(respondError)
app.notFound(notFound)
app.use(requestId)
app.get('/healthz', healthz(problemAt))
app.use(logRequests(writeLog))
app.get('/', welcome)
app.use(withPorts(makePorts), safeHere, plainPath, noLoops)
app.use(openCors, streaming)

app.route('/webhooks', receivers('webhook')) // proved by address and signature
app.route('/callbacks', receivers('ticket'))
app.route('/admin/routes', adminRoutes)
app.route('/admin', admin) // has its own token
app.get('/openapi.json', openapi(app))
app.get('/files/:name', serveUpload) // its name is its permission

app.use('/v1/*', authenticate)
app.use('/v2/*', authenticate)
app.use('/v3/*', authenticate)
app.use(knownMethods(app))
for (const provider of PROVIDERS) {
  app.use(`/${provider.name}/*`, authenticate)
  app.route(`/v1/${provider.name}/accounts`, accounts(provider))
  app.route(`/v1/${provider.name}`, jobs(provider))
  if (provider.useapi?.tasks)
    app.route(`/v1/${provider.name}`, tasks(provider, provider.useapi.tasks))
  if (provider.useapi?.speech)
    app.route(`/v1/${provider.name}/tts`, speech(provider, provider.useapi.speech))
  app.all(`/${provider.name}/*`, dropIn)
}
app.route('/v1/audit', audit)
app.route('/v1/deliveries', deliveries)
app.route('/v1/callback-secret', callbackSecret)
app.route('/v2/account', platformAccount)
app.all('/v1/*', dropIn) // clients that can change only the host
app.all('/v2/*', dropIn)
app.all('/v3/*', dropIn)

export default { fetch: app.fetch } satisfies ExportedHandler<Env>
