#!/bin/sh
# Makes the two buckets of docker-compose.yml and lets everybody read the pictures, which the CDN then does unsigned.
# Does no harm where they are there. The originals keep the default: nobody reads them without the key.
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
