/** The version, from package.json. */
export { version as VERSION } from '../../../package.json'
