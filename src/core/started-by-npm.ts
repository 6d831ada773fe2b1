/** Whether npm or another package manager started this script: they set it in the environment. */
export const isStartedByNpm = (): boolean => process.env.npm_lifecycle_event !== undefined
