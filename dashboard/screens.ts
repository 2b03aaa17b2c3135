/** Every screen, in the order of the menu. A new screen is a folder of its own and one entry here. */
import { PoolScreen } from './pool/pool-screen.tsx'
import { Planned } from './parts/planned.tsx'
import type { Screen } from './screen.ts'

export const SCREENS: Screen[] = [
  { hash: 'pool', title: 'Pool', component: PoolScreen, needs: 'any', group: 'Now' },
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
