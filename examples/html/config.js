/** The address of the service. */
export const service = 'http://localhost:4000'
