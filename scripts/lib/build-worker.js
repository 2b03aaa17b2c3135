/** Reads a wrangler.toml and bundles its Worker with esbuild, as wrangler does. */
import path from 'node:path';
import { build } from 'esbuild';
import { keptOnce } from './kept-once.ts';
/** Reads and builds what `runWorker` will need, so that the first start is fast. */
export async function prepareWorker({ config, entry, }) {
    await readWrangler(path.resolve(config));
    await bundle(path.resolve(entry));
}
/** wrangler takes seconds to load, so it is loaded only if no earlier result was kept. */
export function readWrangler(config) {
    return keptOnce(`config ${config}`, async () => {
        const { unstable_readConfig: readConfig } = await import('wrangler');
        return readConfig({ config }, { hideWarnings: true });
    });
}
/** The result is kept, because tests start the same Worker many times. */
export async function bundle(entry, alias = {}) {
    if (!entry)
        throw new Error('The wrangler.toml names no main, and no entry was given');
    const name = JSON.stringify(['bundle', entry, alias]);
    return keptOnce(name, () => makeBundle(entry, alias));
}
async function makeBundle(entry, alias) {
    const result = await build({
        entryPoints: [entry],
        bundle: true,
        write: false,
        format: 'esm',
        target: 'es2024',
        conditions: ['workerd', 'worker', 'browser'],
        external: ['cloudflare:*', 'node:*'],
        alias,
        logLevel: 'silent',
    });
    const file = result.outputFiles[0];
    if (!file)
        throw new Error(`esbuild made nothing of ${path.basename(entry)}`);
    return file.text;
}
