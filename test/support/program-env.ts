/** What every program that a test starts gets of this process's environment. */
export const programEnv = () => ({
  PATH: process.env.PATH ?? '',
  TMPDIR: process.env.TMPDIR ?? '',
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? '',
})
