import { VIDEO } from '../support/gateway.ts'
import { hookOf } from '../support/scenes/hooked.ts'
import { ANY_TEXT, type ProviderKit } from './kit.ts'
import { keepsTheContract } from './provider-contract.ts'

interface Answer {
  data: { status: string }
}
interface List {
  data: { id: string }[]
}
interface Event {
  event_type: string
  event_data: { video_id: string }
}

const kit: ProviderKit = {
  name: 'heygen',
  isStormed: true,
  addAtProvider: async (gateway, name) => {
    await gateway.sim.addAccount(`${name}@example.com`, `sk_test_${name}`, { examples: false })
  },
  credentialOf: (name) => ({ apiKey: `sk_test_${name}` }),
  isHeard: (gateway, name) => hookOf(gateway, name),
  creation: {
    path: '/v3/videos',
    body: ({ name, callback }) => ({
      ...VIDEO,
      ...(name === undefined ? {} : { callback_id: name }),
      ...(callback === undefined ? {} : { callback_url: callback }),
    }),
  },
  statusPath: (id) => `/v3/videos/${id}`,
  statusIn: (answer) => (answer as Answer).data.status,
  words: { done: 'completed', failed: 'failed' },
  unknownId: 'f'.repeat(32),
  list: {
    pagePath: () => '/v3/videos?limit=100',
    idsIn: (answer) => (answer as List).data.map(({ id }) => id),
  },
  refusals: {
    'too many requests': { status: 429 },
    'no credit': { status: 402 },
    'a scope that its key lacks': { status: 403 },
    'a refused key': { status: 401 },
  },
  errorShape: (code) => ({
    error: { code, message: ANY_TEXT, param: null, doc_url: null },
  }),
  endIn: (body) => {
    const event = JSON.parse(body) as Event
    return { id: event.event_data.video_id, isDone: event.event_type.endsWith('.success') }
  },
}

await keepsTheContract(kit)
