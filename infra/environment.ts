import type { VARIABLES } from '../src/core/variables.ts'

/** Variables of the service, by name. */
export type Environment = Partial<Record<(typeof VARIABLES)[number]['name'], string>>
