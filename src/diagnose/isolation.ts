import { findSandbox, type Isolation } from '../render/sandbox.ts'
import { bad, type Finding, ok } from './finding.ts'

const CHECK = 'renderer-isolation'

const WEAKER: Readonly<Record<Exclude<Isolation, 'namespaces'>, string>> = {
  account: 'have an account of their own, but see the network and the files that everybody may read.',
  privileges: 'have the account of this process, without capabilities: native code in one could read its files.',
  permissions: "have Node's permissions alone: native code in one could do what this process may.",
}

/** Checks what keeps renderers from the rest of this machine. */
export function checkIsolation(): Finding {
  const { isolation } = findSandbox()
  if (isolation === 'namespaces')
    return ok(CHECK, 'Renderers run in namespaces of their own: they see no file, process or network of this machine.')
  return bad('WARNING', CHECK, {
    message: `Renderers ${WEAKER[isolation]}`,
    remedy:
      'On Linux, allow user namespaces and install util-linux; in a container, see "What a renderer can reach" in docs/operating/security.md.',
  })
}
