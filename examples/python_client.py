"""Creates a video, waits for it and saves it. Needs Python 3.9 or newer and nothing else.

Run `npm start` in another terminal. Then use the values that it prints:

    BASE_URL=http://127.0.0.1:8787 TOKEN=hgw_… python3 examples/python_client.py

To use HeyGen itself, only the base URL and the header would change. The code below knows nothing about accounts.
"""

import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

BASE_URL = os.environ.get("BASE_URL")
TOKEN = os.environ.get("TOKEN")
# A repeat under the same key starts nothing new, for 24 hours. In production, store the key before the first call.
KEY = os.environ.get("KEY") or str(uuid.uuid4())
# How long to try to get a slot, and how long to wait for the video.
PATIENCE_SECONDS = 3600
# The gateway waits up to 30 s for a slot before it answers. A client must be willing to wait longer than that.
WAIT_SECONDS = 30
TIMEOUT_SECONDS = 90

VIDEO = {
    "type": "avatar",
    "avatar_id": "Abigail_expressive_2024112501",
    "voice_id": "1bd001e7e50f421d891986aad5158bc8",
    "script": "Hello there.",
}


class Refused(Exception):
    """An answer that is not 2xx. `code` is the gateway's own code, or None if the provider answered."""

    def __init__(self, error):
        self.status = error.code
        self.code = error.headers.get("X-Gateway-Error")
        self.retry_after = error.headers.get("Retry-After")
        self.request_id = error.headers.get("X-Request-Id")
        super().__init__(f"{error.code} {error.read().decode('utf8', 'replace')}")


def call(method, path, body=None, headers=None):
    request = urllib.request.Request(
        BASE_URL + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"X-Api-Key": TOKEN, "Content-Type": "application/json", **(headers or {})},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise Refused(error) from None


def repeat(method, path, body=None, headers=None):
    """Tries again where a repeat may help: all slots taken, a first call still at work, a broken connection."""
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return call(method, path, body, headers)
        except Refused as refused:
            if refused.retry_after is None or time.monotonic() > until:
                raise
            pause, why = int(refused.retry_after), refused.code or refused.status
        except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
            if time.monotonic() > until:
                raise
            pause, why = 5, error
        print(f"Trying again in {pause} s: {why}", file=sys.stderr)
        time.sleep(pause)


def create_video(form):
    """Without the key, a repeat could start a second video that costs money."""
    headers = {"Prefer": f"wait={WAIT_SECONDS}", "Idempotency-Key": KEY}
    try:
        return repeat("POST", "/heygen/v3/videos", form, headers)["data"]["video_id"]
    except Refused as refused:
        # HeyGen may have started the video. It must not be created again.
        if refused.code == "outcome_unknown":
            sys.exit(f"Ask for its outcome: GET /v1/heygen/jobs/{refused.request_id}")
        raise


def wait_for_video(video_id):
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        video = repeat("GET", f"/heygen/v3/videos/{video_id}")["data"]
        if video["status"] == "completed":
            return video["video_url"]
        if video["status"] == "failed":
            sys.exit(f"The video failed: {video.get('failure_message')}")
        time.sleep(2)
    sys.exit(f"Video {video_id} is not ready. Ask for it later.")


if __name__ == "__main__":
    if not BASE_URL or not TOKEN:
        sys.exit("Set BASE_URL and TOKEN; npm start prints both.")
    video_id = create_video(VIDEO)
    print(f"Video {video_id}")
    # The link is HeyGen's own and needs no token.
    urllib.request.urlretrieve(wait_for_video(video_id), f"{video_id}.mp4")
    print(f"Saved {video_id}.mp4")
