import { keysOf, makeKling, TEXT2VIDEO } from '../support/scenes/kling.ts'
import { ANY_TEXT, type ProviderKit } from './kit.ts'
import { keepsTheContract } from './provider-contract.ts'

interface Answer {
  data: { task_status: string }
}
interface List {
  data: { task_id: string }[]
}
interface Task {
  task_id: string
  task_status: string
}

const T2V = '/v1/videos/text2video'
const NUMBERS = { slots_full: 1303, no_accounts: 1203, account_unavailable: 5001 }

const kit: ProviderKit = {
  name: 'kling',
  isStormed: false,
  addAtProvider: async (gateway, name) => {
    await makeKling(gateway, name)
  },
  credentialOf: keysOf,
  // Callbacks are all that Kling tells, and they need no registering.
  isHeard: async () => undefined,
  creation: {
    path: T2V,
    body: ({ name, callback }) => ({
      ...TEXT2VIDEO,
      ...(name === undefined ? {} : { external_task_id: name }),
      ...(callback === undefined ? {} : { callback_url: callback }),
    }),
  },
  statusPath: (id) => `${T2V}/${id}`,
  statusIn: (answer) => (answer as Answer).data.task_status,
  words: { done: 'succeed', failed: 'failed' },
  unknownId: '9'.repeat(18),
  list: {
    pagePath: (page) => `${T2V}?pageNum=${page}&pageSize=100`,
    idsIn: (answer) => (answer as List).data.map(({ task_id }) => task_id),
  },
  refusals: {
    'too many requests': { code: 1302 },
    'too many tasks at once': { code: 1303 },
    'no credit': { code: 1102 },
    arrears: { code: 1101 },
    'a refused key': { code: 1002 },
  },
  errorShape: (code) => ({ code: NUMBERS[code], message: ANY_TEXT, request_id: ANY_TEXT }),
  endIn: (body) => {
    const task = JSON.parse(body) as Task
    return { id: task.task_id, isDone: task.task_status === 'succeed' }
  },
}

await keepsTheContract(kit)
