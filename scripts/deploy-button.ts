/** `npm run deploy:button`: prints the deploy button's line for README.md. It needs a public repository in package.json. */
import pkg from '../package.json' with { type: 'json' }
import { deployButton } from './lib/setup/deploy-button.ts'

console.log(deployButton(pkg))
