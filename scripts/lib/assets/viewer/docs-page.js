/**
 * Shows /openapi.json, or with `?of=providers` /openapi-drop-in.json, and sends the token of the field on top with the calls that are tried. The token stays in this page: it is in
 * no storage and no address.
 */
const dark = matchMedia('(prefers-color-scheme: dark)')
const follow = () => document.documentElement.classList.toggle('dark-mode', dark.matches)
dark.addEventListener('change', follow)
follow()

const isOfProviders = new URLSearchParams(location.search).get('of') === 'providers'
const current = document.querySelector(isOfProviders ? '#providers' : '#gateway')
current.setAttribute('aria-current', 'page')

const ui = globalThis.SwaggerUIBundle({
  url: isOfProviders ? '/openapi-drop-in.json' : '/openapi.json',
  dom_id: '#docs',
  presets: [globalThis.SwaggerUIBundle.presets.apis],
  deepLinking: true,
  docExpansion: 'none',
  defaultModelsExpandDepth: 0,
  filter: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
})

document.querySelector('#sign').addEventListener('submit', (event) => event.preventDefault())
const field = document.querySelector('#token')
field.addEventListener('input', () => {
  const token = field.value.trim()
  for (const scheme of ['token', 'operator', 'metrics']) {
    if (token === '') ui.authActions.logout([scheme])
    else ui.preauthorizeApiKey(scheme, token)
  }
})
