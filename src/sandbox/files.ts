import { access } from 'node:fs/promises'

/** Tells whether there is something at this path that this process can see; a dangling link does not count. */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
