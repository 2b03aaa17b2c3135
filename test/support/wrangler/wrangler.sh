#!/bin/sh
# What runs as `wrangler` in tests of the setup: it sends its arguments and environment to the test (control.ts), which answers with a
# status, an event for WRANGLER_OUTPUT_FILE_PATH, and what to say. A shell starts many times faster than Node.
{ printf '%s\n' "$@"; echo '---'; env; } | curl -s --data-binary @- "$CONTROL_URL" | {
  read -r code
  read -r event
  [ -z "$event" ] || printf '%s\n' "$event" >>"$WRANGLER_OUTPUT_FILE_PATH"
  if [ "$code" = 0 ]; then cat; else cat >&2; fi
  exit "$code"
}
