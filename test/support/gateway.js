/** Opens a gateway in workerd, with the simulator behind it over real HTTP. */
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { runWorker } from '../../scripts/lib/run-worker.ts';
import { CLOCKED, PLAIN } from './renewed/entries.ts';
import { takeWorker } from './renewed/renewed.ts';
import { Simulator } from './simulator.ts';
/** Random in every run, because the gateway accepts a published token only on loopback. */
export const ADMIN_TOKEN = `admin-of-tests-${randomBytes(24).toString('hex')}`;
/** Random in every run, for gateways that are called at an address other than loopback. */
export const UNPUBLISHED_KEYS = `k1:${randomBytes(32).toString('base64')}`;
export const MASTER_KEYS = 'k1:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=';
export class Gateway {
    url;
    sim;
    logs;
    /** Texts that no line of the log may contain. Tokens are added when they are made. */
    secrets;
    token = '';
    #pid;
    #dispose;
    constructor(parts) {
        this.url = parts.url;
        this.sim = parts.sim;
        this.logs = parts.logs;
        this.#pid = parts.pid;
        this.secrets = parts.secrets;
        this.#dispose = parts.dispose;
    }
    /** The process id of workerd. It changes when workerd is killed and starts again. */
    get pid() {
        return this.#pid();
    }
    /** The same gateway, called with another token. */
    as(token) {
        const { url, sim, logs, secrets } = this;
        const parts = { url, sim, logs, secrets, pid: this.#pid, dispose: async () => undefined };
        const gateway = new Gateway(parts);
        gateway.token = token;
        return gateway;
    }
    /** A call with the tenant's token. */
    fetch(path, init = {}) {
        const headers = new Headers(init.headers);
        if (!headers.has('authorization') && !headers.has('x-api-key'))
            headers.set('authorization', `Bearer ${this.token}`);
        return fetch(this.url + path, { redirect: 'manual', ...init, headers });
    }
    post(path, body, headers = {}) {
        return this.fetch(path, {
            method: 'POST',
            body: JSON.stringify(body),
            headers: { 'content-type': 'application/json', ...headers },
        });
    }
    admin(method, path, body) {
        const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, 'content-type': 'application/json' };
        return fetch(`${this.url}/admin${path}`, {
            method,
            headers,
            ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
    }
    async newToken(more = {}) {
        const answer = await this.admin('POST', '/tokens', { name: 'test', ...more });
        if (answer.status !== 201)
            throw new Error(`no token: ${answer.status} ${await answer.text()}`);
        const made = (await answer.json());
        this.secrets.push(made.token);
        return made;
    }
    async addAccount(name, maxJobs, simAccount = {}) {
        const email = `${name}@example.com`;
        await this.sim.addAccount(email, `sk_test_${name}`, simAccount);
        const added = await this.post('/v1/heygen/accounts', {
            email,
            apiKey: `sk_test_${name}`,
            maxJobs,
        });
        if (added.status !== 201)
            throw new Error(`account ${name}: ${added.status} ${await added.text()}`);
        return email;
    }
    createVideo(more = {}, headers = {}) {
        return this.post('/heygen/v3/videos', { ...VIDEO, ...more }, headers);
    }
    /** How many slots are held on all accounts, as the scheduler shows them. */
    async heldSlots(provider = 'heygen') {
        const answer = await this.fetch(`/v1/${provider}/scheduler/available`);
        const { available } = (await answer.json());
        return available.reduce((sum, account) => sum + account.executing, 0);
    }
    /** Ends the gateway. Fails if its log contains a secret, so every test checks this. */
    async dispose() {
        await this.#dispose();
        const said = this.logs.join('\n');
        const told = this.secrets.find((secret) => said.includes(secret));
        if (told)
            throw new Error(`a secret stands in the log: ${told.slice(0, 8)}…`);
    }
}
const SECRETS = [
    ADMIN_TOKEN,
    MASTER_KEYS.slice(3),
    UNPUBLISHED_KEYS.slice(3),
    'sk_test_',
    'sk_sim_',
    'kling_key_',
    'kling_secret_',
    'whsec_',
    // Signed tokens.
    'eyJ',
];
export const VIDEO = {
    type: 'avatar',
    avatar_id: 'Abigail_expressive_2024112501',
    script: 'Hello there.',
    voice_id: '1bd001e7e50f421d891986aad5158bc8',
    title: 'Demo',
};
export async function openGateway(options = {}) {
    const sim = options.simulator ?? (await Simulator.start(options.simVars ? { vars: options.simVars } : {}));
    const logs = [];
    const worker = await startGateway(sim.url, options, (message) => logs.push(message));
    const dispose = async () => {
        await worker.dispose();
        if (!options.simulator)
            await sim.dispose();
    };
    const pid = () => worker.pid;
    const gateway = new Gateway({
        url: worker.url,
        sim,
        logs,
        pid,
        secrets: [...SECRETS],
        dispose,
    });
    gateway.token = (await gateway.newToken()).token;
    for (const [name, maxJobs] of Object.entries(options.accounts ?? {})) {
        await gateway.addAccount(name, maxJobs, options.simAccount);
    }
    return gateway;
}
/** Uses a workerd that another test has left, unless the options ask for one of its own. */
function startGateway(simUrl, options, onLog) {
    const vars = gatewayVars(simUrl, options);
    const { persist, port, entry, providers, isAlone = false, assets = false } = options;
    const common = { config: 'wrangler.toml', name: 'gateway', vars };
    const isUsual = entry === undefined || entry === CLOCKED;
    if (isUsual && !isAlone && !assets && persist === undefined && port === undefined && !providers)
        return takeWorker({ ...common, entry: entry ?? PLAIN, onLog });
    return runWorker({
        ...common,
        assets,
        onLog: ({ message }) => onLog(message),
        ...(persist === undefined ? {} : { persist }),
        ...(port === undefined ? {} : { port }),
        ...(entry === undefined ? {} : { entry }),
        ...(providers === undefined
            ? {}
            : { alias: { '#providers/index.ts': path.resolve(providers) } }),
    });
}
export function gatewayVars(simUrl, options) {
    return {
        HEYGEN_ORIGIN: `${simUrl}/api.heygen.com`,
        HEYGEN_UPLOAD_ORIGIN: `${simUrl}/upload.heygen.com`,
        HEYGEN_WEB_ORIGIN: `${simUrl}/api2.heygen.com`,
        KLING_ORIGIN: `${simUrl}/api-singapore.klingai.com`,
        KLING_WEB_ORIGIN: `${simUrl}/id.klingai.com`,
        ADMIN_TOKEN,
        MASTER_KEYS: options.vars?.['PUBLIC_ORIGIN'] ? UNPUBLISHED_KEYS : MASTER_KEYS,
        TIME_SCALE: String(options.timeScale ?? 1),
        ...options.vars,
    };
}
/** Most conditions become true soon. The pauses grow, because each call takes time of the machine. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 150;
export async function until(what, withinMs = 10000) {
    const end = Date.now() + withinMs;
    for (let pauseMs = FIRST_PAUSE_MS;; pauseMs = Math.min(pauseMs * 1.3, LONGEST_PAUSE_MS)) {
        const value = await what();
        if (value)
            return value;
        if (Date.now() > end)
            throw new Error(`did not happen within ${withinMs} ms`);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
}
