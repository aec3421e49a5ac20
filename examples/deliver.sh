#!/bin/sh
# Sends one delivery as QStash would, signed with the public keys of its
# development server. Needs curl and openssl.
#
#   deliver.sh [URL [BODY]]
#
# BODY is a text, @FILE, or @- for standard input.
#
# By variable: QSTASH_CURRENT_SIGNING_KEY, the key to sign with; SUB, the URL
# that is signed, if it is not the one to send to (behind a proxy it isn't);
# REGION, the region header; EXPIRES_IN, in seconds.
set -eu
url=${1:-http://127.0.0.1:3000/webhook}
body=${2-'{"hello":"world"}'}
sub=${SUB:-$url}
region=${REGION:-US-EAST-1}
key=${QSTASH_CURRENT_SIGNING_KEY:-sig_7kYjw48mhY7kAjqNGcy6cr29RJ6r}

file=$(mktemp)
trap 'rm -f "$file"' EXIT
case $body in
@-) cat >"$file" ;;
@*) cat "${body#@}" >"$file" ;;
*) printf %s "$body" >"$file" ;;
esac

base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }

now=$(date +%s)
hash=$(openssl dgst -sha256 -binary "$file" | base64url)
header=$(printf '{"alg":"HS256","typ":"JWT"}' | base64url)
claims=$(printf '{"aud":"","body":"%s=","exp":%d,"iat":%d,"iss":"Upstash","jti":"jwt_%d","nbf":-62135596800,"sub":"%s"}' \
    "$hash" $((now + ${EXPIRES_IN:-300})) "$now" "$now" "$sub" | base64url)
mac=$(printf %s "$header.$claims" | openssl dgst -sha256 -hmac "$key" -binary | base64url)

curl -sS -i "$url" \
    -H "Upstash-Signature: $header.$claims.$mac" \
    -H "Upstash-Region: $region" \
    -H "Upstash-Message-Id: msg_1" \
    -H "Content-Type: application/json" \
    --data-binary "@$file"
