/** The environment variables for stores in buckets and for a CDN: a part of variables.ts. */
export const AWS_VARIABLES = [
  {
    name: 'ORIGINALS_BUCKET',
    default: 'directory `DATA_DIR/originals`',
    meaning: 'Private S3 bucket of the originals; needs `PREVIEWS_BUCKET` too.',
  },
  {
    name: 'PREVIEWS_BUCKET',
    default: 'directory `DATA_DIR/previews`',
    meaning: 'S3 bucket that the CDN serves pictures from.',
  },
  {
    name: 'S3_FORCE_PATH_STYLE',
    default: 'off',
    meaning: '`on` or `true`: the bucket is in the path, not in the host name, as most S3-compatible stores require.',
  },
  { name: 'AWS_ENDPOINT_URL_S3', default: 'AWS', meaning: 'Address of an S3-compatible store.' },
  { name: 'AWS_REGION', default: 'us-east-1', meaning: 'Region of the buckets.' },
  {
    name: 'AWS_ACCESS_KEY_ID',
    default: "the host's role or profile",
    meaning: 'Credentials; needs `AWS_SECRET_ACCESS_KEY`.',
  },
  { name: 'AWS_SECRET_ACCESS_KEY', default: "the host's role or profile", meaning: 'Goes with `AWS_ACCESS_KEY_ID`.' },
  { name: 'AWS_SESSION_TOKEN', default: 'none', meaning: 'Only for temporary credentials.' },
  {
    name: 'CLOUDFRONT_DISTRIBUTION_ID',
    default: 'none',
    meaning: 'CloudFront distribution that take-downs invalidate and `npm run doctor` checks.',
  },
  {
    name: 'CDN_KEY_PAIR_ID',
    default: 'none',
    meaning:
      'Id of the public key in the key group of a CDN that requires signed URLs for PRIVATE pictures; needs `CDN_PRIVATE_KEY`.',
  },
  {
    name: 'CDN_PRIVATE_KEY',
    default: 'none',
    meaning: 'Its private key in PEM, with `\\n` for line breaks; the same in all processes.',
  },
  {
    name: 'ORIGIN_SECRET',
    default: 'none',
    meaning:
      'Requests for pictures need it in the header `X-Origin-Secret`, which the CDN adds: nobody goes around the CDN. To replace it, set `NEW,OLD` until the CDN sends the new one.',
  },
  {
    name: 'EVENTS_TOKEN',
    default: 'none',
    meaning:
      "Bearer token with which EventBridge, or another store's notifications, may announce uploads at `/events/s3`, and do nothing else.",
  },
  {
    name: 'CLOUDWATCH_STAGE',
    default: 'none',
    meaning:
      'An API writes the age and number of waiting jobs, live workers and the oldest open take-down to stdout once a minute, in the embedded metric format of CloudWatch; this is the value of their dimension `Stage`.',
  },
  { name: 'AWS_ENDPOINT_URL_CLOUDFRONT', default: 'AWS', meaning: 'Address of a server with the CloudFront API.' },
] as const
