/** Who is signed in, which tenant is in view, whether the page is live, and the menu. */
import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Screen } from '../screen.ts'
import { SCREENS } from '../screens.ts'
import { liveState, pool, type LiveState } from './live.ts'
import { hrefTo, place } from './router.ts'
import {
  chooseTenant,
  chosenTenant,
  isOperator,
  mayChange,
  seesAccounts,
  session,
  signOut,
} from './session.ts'
import { loadTenants, tenantInFull, tenants } from './tenants.ts'
import { switchTheme, theme } from './theme.ts'

const isMenuOpen = signal(false)
const LIVE_WORDS: Record<LiveState, [string, string]> = {
  connecting: ['Connecting', 'The page is asking for the accounts.'],
  live: ['Live', 'Changes come by themselves.'],
  polling: ['Every 10 s', 'There is no live connection now. The page asks every ten seconds.'],
  paused: ['Paused', 'The tab was hidden for long. It goes on when it is seen.'],
}

/** On a phone the menu stands above the screen: whoever has scrolled down would not see that it opens. */
function toggleMenu(): void {
  isMenuOpen.value = !isMenuOpen.value
  if (isMenuOpen.value) scrollTo(0, 0)
}

/** Whoever signs in next, perhaps as another tenant, begins at the first screen. */
function leave(): void {
  signOut()
  location.hash = ''
}

export function Header() {
  useEffect(() => void loadTenants(), [])
  const [word, meaning] = LIVE_WORDS[liveState.value]
  return (
    <header class="top">
      <button
        type="button"
        class="plain menu-button"
        aria-expanded={isMenuOpen.value}
        aria-controls="menu"
        onClick={toggleMenu}
      >
        <span aria-hidden="true">☰</span> Menu
      </button>
      <a class="brand" href={hrefTo([firstScreen()?.hash ?? ''])}>
        heygen-gateway
      </a>
      {seesAccounts.value && (
        <span class={`live ${liveState.value}`} title={meaning}>
          {word}
        </span>
      )}
      <span class="grow" />
      {isOperator.value && <TenantChooser />}
      <span class="who" title={session.value?.tenant}>
        {isOperator.value ? 'Operator' : session.value?.title}
      </span>
      {!mayChange.value && <span class="muted">(may look and use)</span>}
      <button
        type="button"
        class="plain"
        aria-label={theme.value === 'dark' ? 'Use light colours' : 'Use dark colours'}
        onClick={switchTheme}
      >
        <span aria-hidden="true">{theme.value === 'dark' ? '☀' : '☾'}</span>
      </button>
      <button type="button" class="plain" onClick={leave}>
        Sign out
      </button>
    </header>
  )
}

function TenantChooser() {
  return (
    <label class="inline">
      <span class="for-ears">Tenant in view</span>
      <select
        value={chosenTenant.value}
        onChange={(event) => chooseTenant(event.currentTarget.value)}
      >
        <option value="">All tenants</option>
        {tenants.value.map((one) => (
          <option key={one.id} value={one.id}>
            {tenantInFull(one)}
          </option>
        ))}
      </select>
    </label>
  )
}

export function isShown({ needs, isOfAccounts }: Screen): boolean {
  if (isOfAccounts && !seesAccounts.value) return false
  if (needs === 'operator') return isOperator.value
  return needs === 'any' || mayChange.value
}

/** Where a person begins. */
export function firstScreen(): Screen | undefined {
  return SCREENS.find(isShown)
}

const GROUPS: Screen['group'][] = ['Now', 'Messages', 'Settings']

export function Menu() {
  const here = place.value.path[0] ?? firstScreen()?.hash
  const shown = SCREENS.filter(isShown)
  return (
    <nav id="menu" class={isMenuOpen.value ? 'side open' : 'side'} aria-label="Screens">
      {GROUPS.map((group) => {
        const screens = shown.filter((screen) => screen.group === group)
        if (screens.length === 0) return null
        return (
          <section key={group}>
            <h2>{group}</h2>
            <ul>
              {screens.map(({ hash, title }) => (
                <li key={hash}>
                  <a
                    href={hrefTo([hash])}
                    aria-current={hash === here ? 'page' : undefined}
                    onClick={() => (isMenuOpen.value = false)}
                  >
                    {title}
                    {hash === 'deliveries' && <DeadCount />}
                  </a>
                </li>
              ))}
            </ul>
          </section>
        )
      })}
    </nav>
  )
}

function DeadCount() {
  const dead = (pool.value?.accounts ?? []).reduce((sum, one) => sum + one.deliveries.dead, 0)
  if (dead === 0) return null
  return (
    <span class="badge bad" title="Deliveries that were given up">
      {dead}
    </span>
  )
}
