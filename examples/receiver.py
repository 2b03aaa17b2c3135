"""Receives the gateway's deliveries, checks their signatures, and handles each event once. Needs Python 3.9 or newer.

    curl -X POST "$BASE_URL/v1/callback-secret" -H "Authorization: Bearer $TOKEN"      # prints the secret, once
    SECRET=whsec_… PORT=9000 python3 examples/receiver.py

Then send http://127.0.0.1:9000/ as callback_url of a creation. examples/receiver.mjs is the same for Node, and says more.
"""

import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SECRET = os.environ.get("SECRET", "")
BODY_BYTES_MAX = 1024 * 1024
# The largest difference between the gateway's clock and this one.
TOLERANCE_SECONDS = 5 * 60
# Deliveries may repeat. In production, this is a table with a unique column.
HANDLED = set()


def doubt_about(headers, body):
    """What is wrong with the signature (https://www.standardwebhooks.com). None: it is right."""
    event_id = headers.get("webhook-id", "")
    sent_at = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature")
    if given is None:
        return "it is not signed. Without a callback secret (POST /v1/callback-secret) callbacks are not."
    if not sent_at.isdigit() or abs(time.time() - int(sent_at)) > TOLERANCE_SECONDS:
        return f"its time (webhook-timestamp {sent_at}) is more than five minutes off"
    key = base64.b64decode(SECRET[len("whsec_") :])
    signed = hmac.new(key, f"{event_id}.{sent_at}.".encode() + body, hashlib.sha256).digest()
    expected = b"v1," + base64.b64encode(signed)
    # There are two signatures for 24 hours after the secret was replaced. One that is right is enough.
    if any(hmac.compare_digest(one.encode(), expected) for one in given.split(" ")):
        return None
    return "its signature is of another secret"


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        size = int(self.headers.get("Content-Length") or 0)
        if size > BODY_BYTES_MAX:
            return self.answer(413)
        # The unchanged bytes: a signature is made over these, not over parsed JSON.
        body = self.rfile.read(size)
        doubt = doubt_about(self.headers, body)
        if doubt:
            print(f"refused: {doubt}", file=sys.stderr, flush=True)
            return self.answer(401)
        event_id = self.headers["webhook-id"]
        if event_id not in HANDLED:
            HANDLED.add(event_id)
            event = json.loads(body)
            print(f"{event.get('event_type', 'task')} {json.dumps(event.get('event_data', event))}", flush=True)
        # Answer within ten seconds. Put longer work into a queue.
        return self.answer(204)

    # HeyGen and the gateway check that the URL answers before they accept an endpoint.
    def do_OPTIONS(self):
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.end_headers()

    def log_message(self, *_):
        pass


if __name__ == "__main__":
    if not SECRET.startswith("whsec_"):
        sys.exit("Set SECRET to the text that starts with whsec_.")
    server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "9000"))), Receiver)
    print(f"Listening on http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
