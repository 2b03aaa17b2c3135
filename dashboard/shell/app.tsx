/** The page: sign-in, or header, menu and one screen. */
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import type { Screen } from '../screen.ts'
import { SCREENS } from '../screens.ts'
import { firstScreen, Header, isShown, Menu } from './header.tsx'
import { watchPool } from './live.ts'
import { hrefTo, place } from './router.ts'
import { chooseTenant, chosenTenant, isOneTenant, seesAccounts, session } from './session.ts'
import { SignIn } from './sign-in.tsx'
import { tenantInFull, tenants } from './tenants.ts'
import { Toasts } from './toasts.tsx'

export function App() {
  return (
    <>
      {session.value ? <Inside /> : <SignIn />}
      <Toasts />
    </>
  )
}

function Inside() {
  const { token } = session.value ?? {}
  const tenant = chosenTenant.value
  useEffect(() => (seesAccounts.value ? watchPool() : undefined), [token, tenant])
  const { path, query } = place.value
  const [hash = firstScreen()?.hash ?? '', ...rest] = path
  const screen = SCREENS.find((one) => one.hash === hash && isShown(one))
  const main = useRef<HTMLElement>(null)
  const isFirst = useRef(true)
  const where = path.join('/')
  // A new screen takes the focus, as a new page would. The first one leaves it to the browser.
  useLayoutEffect(() => {
    document.title = `${screen?.title ?? 'Not found'} · heygen-gateway`
    // It begins at its top: a scrolled page, or the focus itself, would hide its heading under the header.
    if (!isFirst.current) {
      main.current?.focus({ preventScroll: true })
      scrollTo(0, 0)
    }
    isFirst.current = false
  }, [where])
  const skip = (event: Event) => {
    event.preventDefault()
    main.current?.focus()
  }
  return (
    <div class="page">
      <a class="skip" href="#main" onClick={skip}>
        To the content
      </a>
      <Header />
      <Menu />
      <main ref={main} id="main" tabIndex={-1} aria-label={screen?.title}>
        {screen ? (
          <Shown key={`${hash} ${tenant}`} {...{ screen, path: rest, query }} />
        ) : (
          <NotFound />
        )}
      </main>
    </div>
  )
}

function Shown({
  screen,
  path,
  query,
}: {
  screen: Screen
  path: string[]
  query: URLSearchParams
}) {
  if (screen.isOfOneTenant && !isOneTenant.value) return <ChooseFirst title={screen.title} />
  const { component: Component } = screen
  return <Component path={path} query={query} />
}

function ChooseFirst({ title }: { title: string }) {
  return (
    <>
      <h1>{title}</h1>
      <p>This screen shows one tenant. Which one?</p>
      <p class="choices">
        {tenants.value.map((one) => (
          <button key={one.id} type="button" class="outline" onClick={() => chooseTenant(one.id)}>
            {tenantInFull(one)}
          </button>
        ))}
      </p>
    </>
  )
}

function NotFound() {
  return (
    <>
      <h1>Not found</h1>
      <p>
        There is no such screen, or this token may not see it.{' '}
        <a href={hrefTo([firstScreen()?.hash ?? ''])}>
          Go to the {firstScreen()?.title.toLowerCase()}
        </a>
      </p>
    </>
  )
}
