import { createClient } from '@afterimage/client'

/** The address of the service, which VITE_SERVICE overrides. */
const url: string = import.meta.env.VITE_SERVICE ?? 'http://localhost:4000'

export const client = createClient({ url })
