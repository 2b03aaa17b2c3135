/** Loaded before Portkey, which has no option for the address: it listens on loopback only. */
const { Server } = require('node:net')

const { listen } = Server.prototype
Server.prototype.listen = function onLoopback(port, ...rest) {
  const callbacks = rest.filter((one) => typeof one === 'function')
  return listen.call(this, Number(port), '127.0.0.1', ...callbacks)
}
