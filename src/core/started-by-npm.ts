/** True where a script of package.json was started by npm, or by another package manager: they say so in the environment. */
export const isStartedByNpm = (): boolean => process.env.npm_lifecycle_event !== undefined
