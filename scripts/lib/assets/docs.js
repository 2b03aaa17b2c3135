/** `/docs`: swagger-ui with /openapi.json, and `/docs?of=providers` with /openapi-drop-in.json. All of it is served by the gateway, so it works without the internet. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
const VIEWER = path.resolve(import.meta.dirname, 'viewer');
const DOCUMENTS = path.resolve(import.meta.dirname, '../../../docs');
export function docs() {
    const swagger = path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
    const files = Object.fromEntries([
        ...['docs.html', 'docs-page.js', 'docs-page.css'].map((name) => [name, read(VIEWER, name)]),
        ...['swagger-ui-bundle.js', 'swagger-ui.css'].map((name) => [
            name,
            withoutMap(read(swagger, name)),
        ]),
        ...['openapi.json', 'openapi-drop-in.json'].map((name) => [name, read(DOCUMENTS, name)]),
    ]);
    return Promise.resolve({ files, packages: ['swagger-ui-dist'] });
}
function read(folder, name) {
    return readFileSync(path.join(folder, name), 'utf8');
}
/** The maps are not served. */
function withoutMap(text) {
    return text.replace(/\/[/*]# sourceMappingURL=.*\s*$/, '');
}
