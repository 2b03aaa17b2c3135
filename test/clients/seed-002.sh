#!/bin/sh
# What a user of HeyGen's older API writes with curl (seed 002): lists avatars and voices, makes a video, asks until it is done,
# downloads it. Only the base URL is ours. Written against v1 and v2, it knows nothing of v3.
set -eu

: "${BASE_URL:=https://api.heygen.com}"
: "${HEYGEN_API_KEY:?}"

call() {
  curl -sS --fail --max-time 60 -H "X-Api-Key: $HEYGEN_API_KEY" -H 'Content-Type: application/json' "$@"
}

# The text of the first field with this name.
first() {
  tr '{' '\n' | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1
}

avatar=$(call "$BASE_URL/v2/avatars" | first avatar_id)
voice=$(call "$BASE_URL/v2/voices" | first voice_id)
echo "avatar=$avatar"

made=$(call "$BASE_URL/v2/video/generate" -d "{
  \"video_inputs\": [{
    \"character\": {\"type\": \"avatar\", \"avatar_id\": \"$avatar\", \"avatar_style\": \"normal\"},
    \"voice\": {\"type\": \"text\", \"input_text\": \"Hello there.\", \"voice_id\": \"$voice\"}
  }],
  \"dimension\": {\"width\": 1280, \"height\": 720}
}")
id=$(printf '%s' "$made" | first video_id)
echo "video=$id"

status=pending
while [ "$status" != completed ]; do
  if [ "$status" = failed ]; then exit 1; fi
  sleep 0.3
  answer=$(call "$BASE_URL/v1/video_status.get?video_id=$id")
  status=$(printf '%s' "$answer" | first status)
done

curl -sS --fail -o "$OUT" "$(printf '%s' "$answer" | first video_url)"
echo "status=$status"
