/** Makes the bundle as `wrangler deploy` does. Finds its size by wrangler's own count, and the packages whose code is in it. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
export const BUNDLE = '.local/bundle';
export function makeBundle() {
    const args = ['deploy', '--dry-run', '--outdir', BUNDLE];
    const { status, stdout, stderr } = spawnSync('wrangler', args, { encoding: 'utf8' });
    const [, kib] = /gzip: ([\d.]+) KiB/.exec(stdout) ?? [];
    if (status !== 0 || kib === undefined)
        throw new Error(`${stdout}${stderr}`);
    return { kib: Number(kib), packages: packagesIn(sourcesOf(`${BUNDLE}/index.js.map`)) };
}
function sourcesOf(map) {
    return JSON.parse(readFileSync(map, 'utf8')).sources;
}
/** The packages of files in node_modules. */
export function packagesIn(sources) {
    const names = sources.flatMap((source) => {
        const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source) ?? [];
        return name === undefined ? [] : [name];
    });
    return [...new Set(names)].toSorted();
}
