import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AppError } from './errors.ts'

/**
 * Listens, and returns `http://host:port` without a trailing slash. Throws IN_USE if the port is taken, and CONFIG if the address cannot be
 * used. @param at.variables those that set the host and the port, for messages
 */
export async function listen(
  server: Server,
  at: { host: string; port: number; variables: { readonly host: string; readonly port: string } },
): Promise<string> {
  const { host, port, variables } = at
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new AppError(
              'IN_USE',
              `Port ${port} on ${host} is in use by another program: stop that one, or set ${variables.port} (0 picks a free one).`,
            )
          : new AppError(
              'CONFIG',
              `Cannot listen on ${host}:${port} (${error.message}): check ${variables.host} and ${variables.port}.`,
              { cause: error },
            ),
      )
    })
    server.listen(port, host, resolve)
  })
  return `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`
}
