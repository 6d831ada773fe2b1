import { readAuditLog } from '../access/audit.ts'
import type { App } from '../app.ts'
import { createExport } from './jsonl.ts'

/** `/audit.jsonl`: the audit log as JSON Lines, oldest first; with a vendor's token, what was done with that vendor's tokens. */
export const createAuditExport = (app: App) =>
  createExport(app, {
    name: 'audit entries',
    scopes: ['operations:read'],
    read: async ({ vendor }) => readAuditLog(app.pg, vendor?.username ?? null),
    print: ({ id: _, ...entry }) => entry,
  })
