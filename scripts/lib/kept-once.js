/**
 * Keeps values that take long to make and do not change during a run. This process makes each value once, and so do all processes
 * together that share the folder KEPT_ONCE. test/support/prepare.ts makes that folder for one run of the tests and removes it.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
const made = new Map();
export function keptOnce(name, make) {
    const known = made.get(name) ?? readOrMake(name, make);
    made.set(name, known);
    return known;
}
async function readOrMake(name, make) {
    const folder = process.env['KEPT_ONCE'];
    if (!folder)
        return make();
    const file = path.join(folder, `${createHash('sha256').update(name).digest('hex')}.json`);
    const kept = await readFile(file, 'utf8').catch(() => undefined);
    if (kept !== undefined)
        return JSON.parse(kept);
    const value = await make();
    // The file must appear whole or not at all, because another process may read it at this moment.
    const unfinished = `${file}.${randomUUID()}`;
    await writeFile(unfinished, JSON.stringify(value));
    await rename(unfinished, file);
    return value;
}
