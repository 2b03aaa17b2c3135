/** Puts the parts of Kling together (https://kling.ai/document-api, reference/kling.md). */
import type { Provider } from '#providers/contract/provider.ts'
import { accounts } from './accounts.ts'
import { answers } from './answers.ts'
import { events } from './events.ts'
import { jobs } from './jobs.ts'
import { lists } from './lists.ts'
import { names } from './names.ts'
import { routes } from './routes.ts'
import { useapi } from './useapi.ts'

export const kling: Provider = {
  name: 'kling',
  routes,
  answers,
  jobs,
  lists,
  names,
  accounts,
  events,
  useapi,
}
