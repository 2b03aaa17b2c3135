/** Writes `assets/`, which the platform serves before the Worker. */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { dashboard } from './dashboard.ts';
import { docs } from './docs.ts';
import { headersFile } from './part.ts';
export const ASSETS = path.resolve(import.meta.dirname, '../../../assets');
/** Every page. A new one is a file of its own beside this one. */
const PARTS = [dashboard, docs];
/** The packages whose code the pages contain. */
export async function packagesOfPages() {
    const parts = await Promise.all(PARTS.map((make) => make()));
    return parts.flatMap(({ packages }) => packages);
}
/** Each file is replaced in one step, so that a gateway that is running never serves half a file. */
export async function writeAssets(folder = ASSETS) {
    const parts = await Promise.all(PARTS.map((make) => make()));
    const files = Object.assign({}, ...parts.map((part) => part.files));
    files['_headers'] = headersFile(parts);
    mkdirSync(folder, { recursive: true });
    for (const [name, content] of Object.entries(files)) {
        const draft = path.join(folder, `.${name}.${String(process.pid)}`);
        writeFileSync(draft, content);
        renameSync(draft, path.join(folder, name));
    }
    for (const name of readdirSync(folder)) {
        if (!(name in files) && !name.startsWith('.'))
            rmSync(path.join(folder, name));
    }
}
