/**
 * The smallest provider that passes the contract suite: the folder that docs/adding-a-provider.md describes. Its API:
 * `POST /jobs`, `GET /jobs`, `GET /jobs/{id}`, `GET /me`, keys in `X-Demo-Key`, errors as `{"oops": "…"}`.
 */
import type { Provider } from '#providers/contract/provider.ts'
import { accounts } from './accounts.ts'
import { answers } from './answers.ts'
import { jobs } from './jobs.ts'
import { lists } from './lists.ts'
import { routes } from './routes.ts'

export const demo: Provider = { name: 'demo', routes, answers, jobs, lists, accounts }
