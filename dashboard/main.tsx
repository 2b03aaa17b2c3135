import { render } from 'preact'
import '@picocss/pico/css/pico.min.css'
import './css/dashboard.css'
import { App } from './shell/app.tsx'

const root = document.getElementById('app')
if (root) render(<App />, root)
