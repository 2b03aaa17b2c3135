/** `DELETE /v1/{provider}/queue/{id}`: cancels a creation that waits in the line. Its end is told as the end of any job. */
import { cancelItem } from '#flows/queue/cancel-item.ts'
import type { Provider } from '#providers/contract/provider.ts'
import { actorOf } from '#http/request/actor.ts'
import { addPauses } from './pause.ts'
import { newApp, ownError, route, type App } from '#http/request/route.ts'

export function queue(provider: Provider): App {
  const app = newApp()
  addPauses(app, provider)
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
      const { tenant, id: tokenId, scope } = c.get('caller')
      const mayChange = scope === 'full'
      const asking = { tenant, provider, tokenId, mayChange, by: actorOf(c) }
      await cancelItem(c.get('ports'), asking, c.req.param('id') ?? '')
      return c.body(null, 204)
    }
  )
  return app
}
