/** The dashboard: one page, one script, one style sheet. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { packagesIn } from '../bundle.ts';
const FOLDER = path.resolve(import.meta.dirname, '../../../dashboard');
const TRUSTED_TYPES = "require-trusted-types-for 'script'; trusted-types 'none'";
export async function dashboard() {
    const { outputFiles, metafile } = await build({
        entryPoints: { dashboard: path.join(FOLDER, 'main.tsx') },
        outdir: 'assets',
        bundle: true,
        write: false,
        metafile: true,
        minify: true,
        format: 'esm',
        target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
        jsx: 'automatic',
        jsxImportSource: 'preact',
        legalComments: 'none',
        logLevel: 'silent',
    });
    const made = outputFiles.map((file) => [path.basename(file.path), file.contents]);
    const page = readFileSync(path.join(FOLDER, 'dashboard.html'), 'utf8');
    return {
        files: { 'dashboard.html': page, ...Object.fromEntries(made) },
        packages: packagesIn(Object.keys(metafile.inputs)),
        headers: { '/dashboard': { 'Content-Security-Policy': TRUSTED_TYPES } },
    };
}
