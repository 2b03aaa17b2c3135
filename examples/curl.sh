#!/bin/sh
# Shows the basic use with curl: lists the accounts, creates a video, checks its status until it is done, gets the file.
# Run `npm start` in another terminal. Then use the values that it prints:
#
#   BASE_URL=http://127.0.0.1:8787 TOKEN=hgw_… sh examples/curl.sh
set -eu

: "${BASE_URL:?is the address of the gateway, such as http://127.0.0.1:8787}"
: "${TOKEN:?is a token of the gateway; npm start prints one}"

# Prints a refusal unchanged, with its hint. 429 means that every account is full.
call() {
  answered=$(curl -sS --max-time 60 -w '\n%{http_code}' -H "Authorization: Bearer $TOKEN" "$@") || exit 1
  code=$(printf '%s' "$answered" | tail -n 1)
  body=$(printf '%s' "$answered" | sed '$d')
  case $code in
    2*) printf '%s\n' "$body" ;;
    *)
      echo "$code: $body" >&2
      if [ "$code" = 429 ]; then echo "Try again in some seconds, or send Prefer: wait=30." >&2; fi
      exit 1
      ;;
  esac
}

# Prints the text of the first field with this name. A real client parses JSON. This example needs only a shell.
field() {
  sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1
}

echo "Accounts:"
call "$BASE_URL/v1/heygen/accounts"
echo

created=$(call "$BASE_URL/heygen/v3/videos" -H 'Content-Type: application/json' -d '{
  "type": "avatar",
  "avatar_id": "Abigail_expressive_2024112501",
  "voice_id": "1bd001e7e50f421d891986aad5158bc8",
  "script": "Hello there."
}')
id=$(printf '%s' "$created" | field video_id)
echo "Video: $id"

status=waiting
tries=0
while [ "$status" != completed ]; do
  tries=$((tries + 1))
  if [ "$status" = failed ] || [ "$tries" -gt 300 ]; then
    echo "The video did not get done: $status" >&2
    exit 1
  fi
  sleep 2
  answer=$(call "$BASE_URL/heygen/v3/videos/$id")
  status=$(printf '%s' "$answer" | field status)
  echo "  $status"
done

url=$(printf '%s' "$answer" | field video_url)
curl -sS --fail -o "$id.mp4" "$url"
echo "Saved $id.mp4"
