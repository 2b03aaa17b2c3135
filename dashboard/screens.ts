/** Every screen, in the order of the menu. A new screen is a folder of its own and one entry here. */
import { AlertsScreen } from './alerts/alerts-screen.tsx'
import { AuditScreen } from './audit/audit-screen.tsx'
import { BulkScreen } from './bulk/bulk-screen.tsx'
import { DeliveriesScreen } from './deliveries/deliveries-screen.tsx'
import { EndpointsScreen } from './endpoints/endpoints-screen.tsx'
import { JobsScreen } from './jobs/jobs-screen.tsx'
import { PoolScreen } from './pool/pool-screen.tsx'
import { QueueScreen } from './queue/queue-screen.tsx'
import type { Screen } from './screen.ts'
import { ThroughputScreen } from './throughput/throughput-screen.tsx'
import { TokensScreen } from './tokens/tokens-screen.tsx'
import { UsageScreen } from './usage/usage-screen.tsx'

export const SCREENS: Screen[] = [
  {
    hash: 'pool',
    title: 'Pool',
    component: PoolScreen,
    needs: 'any',
    group: 'Now',
    isOfAccounts: true,
  },
  { hash: 'jobs', title: 'Jobs', component: JobsScreen, needs: 'any', group: 'Now' },
  {
    hash: 'queue',
    title: 'Queue',
    component: QueueScreen,
    needs: 'any',
    group: 'Now',
    isOfOneTenant: true,
  },
  {
    hash: 'throughput',
    title: 'Throughput',
    component: ThroughputScreen,
    needs: 'any',
    group: 'Now',
    isOfAccounts: true,
  },
  { hash: 'usage', title: 'Usage', component: UsageScreen, needs: 'any', group: 'Now' },
  {
    hash: 'deliveries',
    title: 'Deliveries',
    component: DeliveriesScreen,
    needs: 'any',
    group: 'Messages',
  },
  {
    hash: 'endpoints',
    title: 'Endpoints and secrets',
    component: EndpointsScreen,
    needs: 'any',
    group: 'Messages',
    isOfOneTenant: true,
  },
  {
    hash: 'alerts',
    title: 'Alerts',
    component: AlertsScreen,
    needs: 'any',
    group: 'Messages',
    isOfAccounts: true,
  },
  {
    hash: 'bulk',
    title: 'Accounts in bulk',
    component: BulkScreen,
    needs: 'any',
    group: 'Settings',
    isOfAccounts: true,
  },
  {
    hash: 'tokens',
    title: 'Tokens and tenants',
    component: TokensScreen,
    needs: 'operator',
    group: 'Settings',
  },
  {
    hash: 'audit',
    title: 'Audit',
    component: AuditScreen,
    needs: 'full',
    group: 'Settings',
    isOfAccounts: true,
  },
]
