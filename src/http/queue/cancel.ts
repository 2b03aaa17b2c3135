/** `DELETE /v1/{provider}/queue/{id}`: cancels a creation that waits in the line. Its end is told as the end of any job. */
import { ownScopeOf } from '#domain/visibility/own-scope.ts'
import { cancelItem } from '#flows/queue/cancel-item.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { actorOf } from '#http/request/actor.ts'
import { addPauses } from './pause.ts'
import { addLine } from './queue.ts'
import { newApp, ownError, route, type App } from '#http/request/route.ts'

export function queue(provider: Provider): App {
  const app = newApp()
  addPauses(app, provider)
  addLine(app, provider)
  route(
    app,
    {
      method: 'delete',
      needs: 'use',
      path: '/{id}',
      summary:
        'Cancel a queued creation before it is started, by its id or the id of one of its jobs',
      answers: { 204: '', 401: ownError, 404: ownError, 409: ownError },
    },
    async (c) => {
      const caller = c.get('caller')
      const { tenant, id: tokenId, scope } = caller
      const own = ownScopeOf(caller)
      const mayChange = scope === 'full'
      const asking = { tenant, provider, tokenId, mayChange, by: actorOf(c), ...(own && { own }) }
      await cancelItem(c.get('ports'), asking, c.req.param('id') ?? '')
      return c.body(null, 204)
    }
  )
  return app
}
