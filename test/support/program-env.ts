/** The environment that every program started by a test inherits from this process. */
export const programEnv = () => ({
  PATH: process.env.PATH ?? '',
  TMPDIR: process.env.TMPDIR ?? '',
  // No load balancer watches.
  DRAIN_SECONDS: '0',
  ACCESS_LOG: 'off',
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
})
