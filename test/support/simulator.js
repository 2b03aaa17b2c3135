/** The simulator's remote control: reads what it saw and counted, and says what it does next. */
import { runWorker } from '../../scripts/lib/run-worker.ts';
import { callControl } from './renewed/control.ts';
import { SIMULATOR } from './renewed/entries.ts';
import { takeWorker } from './renewed/renewed.ts';
export class Simulator {
    url;
    #dispose;
    constructor(url, dispose) {
        this.url = url;
        this.#dispose = dispose;
    }
    /** Starts in a workerd that another test has left, with empty data. With `persist` it starts a workerd of its own. */
    static async start({ persist, vars = {}, } = {}) {
        const common = { config: 'simulator/wrangler.toml', name: 'simulator', vars };
        const worker = await (persist === undefined
            ? takeWorker({ ...common, entry: SIMULATOR })
            : runWorker({ ...common, persist }));
        return new Simulator(worker.url, () => worker.dispose());
    }
    async control(method, path, body) {
        const { status, text } = await callControl(method, `${this.url}/__sim${path}`, body);
        if (status < 200 || status > 299)
            throw new Error(`simulator ${method} ${path}: ${status} ${text}`);
        return JSON.parse(text);
    }
    /** `key` is one of the account's API keys. The account has no limit of jobs unless `concurrency` sets one. */
    addAccount(email, key, more = {}) {
        return this.control('POST', '/accounts', { email, apiKeys: [key], concurrency: null, ...more });
    }
    async state() {
        return this.control('GET', '/state');
    }
    async account(email) {
        const found = (await this.state()).accounts.find((one) => one.email === email);
        if (!found)
            throw new Error(`the simulator has no account ${email}`);
        return found;
    }
    async requests() {
        return this.control('GET', '/requests');
    }
    forgetRequests() {
        return this.control('DELETE', '/requests');
    }
    fault(fault) {
        return this.control('POST', '/faults', { match: {}, ...fault });
    }
    clearFaults() {
        return this.control('DELETE', '/faults');
    }
    settings(settings) {
        return this.control('POST', '/settings', settings);
    }
    finishJobs() {
        return this.control('POST', '/finish', {});
    }
    dispose() {
        return this.#dispose();
    }
}
