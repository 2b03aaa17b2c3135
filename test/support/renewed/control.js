/**
 * Calls the test controls: a simulator's remote control and a gateway's clock. Tests make thousands of these calls, and `fetch`
 * takes three times as long as Node's own client.
 */
import { Agent, request } from 'node:http';
const agent = new Agent({ keepAlive: true });
/** Sends `body` as JSON. */
export function callControl(method, url, body, signal) {
    const text = body === undefined ? '' : JSON.stringify(body);
    return new Promise((resolve, reject) => {
        const headers = {
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            'content-length': Buffer.byteLength(text),
        };
        const sent = request(url, { method, headers, agent, ...(signal && { signal }) }, (answer) => {
            let received = '';
            answer.setEncoding('utf8');
            answer.on('data', (piece) => (received += piece));
            answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text: received }));
            answer.on('error', reject);
        });
        sent.on('error', (error) => {
            // workerd closed this idle connection just as it was used again. Node's documentation of `reusedSocket` says to send again.
            const isStale = sent.reusedSocket && error.code === 'ECONNRESET';
            if (isStale)
                callControl(method, url, body, signal).then(resolve, reject);
            else
                reject(error);
        });
        sent.end(text);
    });
}
