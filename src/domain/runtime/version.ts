/** The product's version, said in package.json alone. */
export { version as VERSION } from '../../../package.json'
