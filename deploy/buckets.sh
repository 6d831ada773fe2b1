#!/bin/sh
# Makes the two buckets of docker-compose.yml and lets everybody read the pictures, also in other sites' pages: the CDN
# reads them unsigned.
# Safe to run again. The originals keep the default: nobody reads them without the key.
set -eu

request() { # status of: method, path, more of curl's options
  method=$1 path=$2
  shift 2
  curl --silent --show-error --output /dev/null --write-out '%{http_code}' --max-time 10 \
    --aws-sigv4 "aws:amz:$AWS_REGION:s3" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
    --header 'x-amz-content-sha256: UNSIGNED-PAYLOAD' \
    --request "$method" "$@" "$AWS_ENDPOINT_URL_S3/$path"
}

expect() { # what, its status, the good ones
  what=$1 status=$2
  shift 2
  for good in "$@"; do [ "$status" = "$good" ] && return; done
  echo "$what: the S3 server answered $status" >&2
  exit 1
}

for bucket in "$ORIGINALS_BUCKET" "$PREVIEWS_BUCKET"; do
  expect "making the bucket $bucket" "$(request PUT "$bucket")" 200 409
done

policy='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::'$PREVIEWS_BUCKET'/*"}]}'
expect "opening $PREVIEWS_BUCKET to readers" "$(request PUT "$PREVIEWS_BUCKET?policy=" --data "$policy")" 200 204

cors='<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedMethod>HEAD</AllowedMethod></CORSRule></CORSConfiguration>'
# S3 requires the checksum of this body; test/compose.test.ts checks it.
cors_md5='kVwtxHsGMFrdRt2mIcPZnA=='
expect "answering preflights for $PREVIEWS_BUCKET" \
  "$(request PUT "$PREVIEWS_BUCKET?cors=" --header "content-md5: $cors_md5" --data "$cors")" 200 204
