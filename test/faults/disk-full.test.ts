// Our own disk is full: a small one is mounted, and filled. Exit 2, one line, and no part of a file.

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as assert from 'uvu/assert'
import { assertCode, assertRefused, urlOf, Workplace } from '../cli/program.ts'
import { makeDatabase, type Scratch, sandboxClusters } from '../support/databases.ts'
import { suite } from '../support/suite.ts'
import { assertNothingLeft, countBaselines } from './support.ts'

const test = suite('faults/disk-full')
const disk = mkdtempSync(join(tmpdir(), 'pgdrill-disk-'))
const isMounted = mountSmall()
const needsDisk = test.needs(isMounted, 'needs to mount a small disk, which containers and users without root may not')
const place = new Workplace()
let copy: Scratch
const people = ['--ticket', 'DR-1', '--lead', 'A', '--db-owner', 'B', '--app-owner', 'C', '--method', 'pitr']

function mountSmall(): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

test.before(async () => {
  copy = await makeDatabase((await sandboxClusters()).restore)
})
test.after(async () => {
  place.remove()
  if (isMounted) execFileSync('umount', [disk])
  rmSync(disk, { recursive: true, force: true })
  await copy?.drop()
})

const env = () => ({ COPY_DATABASE_URL: urlOf(copy) })
/** What is on the disk, below its first level too. */
const left = () => (readdirSync(disk, { recursive: true }) as string[]).sort()
/** Leaves so many blocks of 4 KiB. */
function fill(blocks: number): void {
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(join(disk, 'filling'), Buffer.alloc(Math.max(0, Number(bavail) - blocks) * Number(bsize)))
}

/** With no room at all, a little, and so much that a part fits. */
async function withLittleRoom(run: (left: () => string[]) => Promise<void>): Promise<void> {
  for (const blocks of [0, 1, 8]) {
    for (const name of readdirSync(disk)) rmSync(join(disk, name), { recursive: true })
    mkdirSync(join(disk, 'work'))
    fill(blocks)
    await run(() => left().filter((name) => name !== 'filling' && name !== 'work'))
  }
}

needsDisk('baseline capture and export: the capture says where the baseline is; no part of a file', async () => {
  await withLittleRoom(async (rest) => {
    const before = await countBaselines(copy)
    const captured = await place.run(['baseline', 'capture', '-t', 'copy', '--out', join(disk, 'one.json')], env())
    assertRefused(
      captured,
      /the baseline .* is stored in copy, but .*one\.json cannot be written: ENOSPC/,
      /baseline export/,
    )
    assert.is(await countBaselines(copy), before + 1)
    const exported = await place.run(['baseline', 'export', '-t', 'copy', '--out', join(disk, 'two.json')], env())
    assertRefused(exported, /two\.json cannot be written: ENOSPC/)
    assert.equal(rest(), [])
    await assertNothingLeft(place, copy)
  })
})

needsDisk('verify: the findings are shown, and there is no proof', async () => {
  await withLittleRoom(async (rest) => {
    const outcome = await place.run(['verify', '-t', 'copy', '--out', join(disk, 'proof')], env())
    assertCode(outcome, 2)
    assert.match(outcome.stdout, /ERROR proof {2}the proof cannot be written to .*: ENOSPC/)
    assert.not.match(outcome.stderr, /internal error|^\s+at |^proof: /m)
    assert.equal(rest(), [])
    await assertNothingLeft(place, copy)
  })
})

needsDisk('drill start: the journal at most, and no part of another file', async () => {
  await withLittleRoom(async (rest) => {
    const databases = { RESTORE_DATABASE_URL: urlOf(copy), PRODUCTION_DATABASE_URL: urlOf(copy) }
    const shell = `cd '${join(disk, 'work')}' && "$0" "$@"`
    const outcome = await place.spawn(['drill', 'start', ...people], databases, shell)
    assertCode(outcome, 2)
    assert.match(outcome.stderr, /^pgdrill: .*(ENOSPC|no space left)/m)
    assert.not.match(outcome.stderr, /internal error|^\s+at /m)
    assert.not.ok(
      rest().some((name) => /\.(partial|json)$/.test(name)),
      rest().join(),
    )
  })
})

test.run()
