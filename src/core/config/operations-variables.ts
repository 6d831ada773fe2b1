/** The environment variables for logs, metrics and whoever replaces processes: a part of variables.ts. */
export const OPERATIONS_VARIABLES = [
  {
    name: 'LOG_FORMAT',
    default: '`pretty` on a terminal, else `json`',
    meaning: 'Format of the log on stderr, one line per event: `json` for a log collector, `pretty` for a person.',
  },
  {
    name: 'LOG_LEVEL',
    default: 'info',
    meaning: 'The lowest level that is logged: `debug`, `info`, `warn` or `error`.',
  },
  {
    name: 'DRAIN_SECONDS',
    default: '15',
    meaning:
      'How long an API that received SIGTERM still serves, with 503 at `/readyz`, so that load balancers stop sending requests before it closes: the interval of their checks times the number that must fail, and some seconds. 0: it closes at once, as with Ctrl-C and under `npm start`.',
  },
  {
    name: 'METRICS_PORT',
    default: 'off',
    meaning:
      'Port on which an API or a worker serves `/metrics` without a token, for Prometheus; 0 picks a free one. Under `npm start` the worker uses the next port. The port of the API serves them in any case, to a token.',
  },
  {
    name: 'METRICS_HOST',
    default: '127.0.0.1',
    meaning: 'Address of that port: one that only Prometheus can reach.',
  },
  {
    name: 'ACCESS_LOG',
    default: 'on',
    meaning:
      '`off`: no line in the log for each request; those whose picture cannot be rendered are logged in any case. Of stored pictures, one request in 100 is logged.',
  },
  {
    name: 'HEARTBEAT_FILE',
    default: 'none',
    meaning:
      'File that an API or a worker writes every 10 s while it runs: a container whose file is older than a minute hangs. An API first requests `/healthz` of its own port.',
  },
] as const
