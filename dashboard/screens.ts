/** Every screen, in the order of the menu. A new screen is a folder of its own and one entry here. */
import { JobsScreen } from './jobs/jobs-screen.tsx'
import { PoolScreen } from './pool/pool-screen.tsx'
import { Planned } from './parts/planned.tsx'
import type { Screen } from './screen.ts'
import { ThroughputScreen } from './throughput/throughput-screen.tsx'

export const SCREENS: Screen[] = [
  { hash: 'pool', title: 'Pool', component: PoolScreen, needs: 'any', group: 'Now' },
  { hash: 'jobs', title: 'Jobs', component: JobsScreen, needs: 'any', group: 'Now' },
  {
    hash: 'throughput',
    title: 'Throughput',
    component: ThroughputScreen,
    needs: 'any',
    group: 'Now',
  },
  // They wait for their API, and are not shown before.
  {
    hash: 'queue',
    title: 'Queue',
    component: Planned,
    needs: 'any',
    group: 'Now',
    isPlanned: true,
  },
  {
    hash: 'usage',
    title: 'Usage',
    component: Planned,
    needs: 'any',
    group: 'Now',
    isPlanned: true,
  },
  {
    hash: 'limits',
    title: 'Limits',
    component: Planned,
    needs: 'full',
    group: 'Settings',
    isPlanned: true,
  },
]
