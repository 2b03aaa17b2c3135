/** Puts the parts of HeyGen together (https://developers.heygen.com, https://docs.heygen.com, reference/heygen.md). */
import type { Provider } from '#providers/contract/provider.ts'
import { accounts } from './accounts.ts'
import { agents } from './agents.ts'
import { answers } from './answers.ts'
import { events } from './events.ts'
import { jobs } from './jobs.ts'
import { legacy } from './legacy.ts'
import { lists } from './lists.ts'
import { routes } from './routes.ts'
import { streaming } from './streaming.ts'
import { uploads } from './uploads.ts'
import { useapi } from './useapi.ts'

export const heygen: Provider = {
  name: 'heygen',
  routes,
  answers,
  jobs,
  lists,
  legacy,
  accounts,
  events,
  uploads,
  streaming,
  useapi,
  agents,
}
