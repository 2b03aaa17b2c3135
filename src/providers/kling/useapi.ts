/** useapi.net's calls on Kling: those that start tasks. */
import type { ProviderUseapi } from '#providers/contract/provider.ts'
import { tasks } from './useapi/tasks.ts'

export const useapi: ProviderUseapi = { tasks }
