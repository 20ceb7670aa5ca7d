// Backup folders made by hand, for what needs no server.

import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Manifest } from '../../src/dump/manifest.ts'

export const files: Record<string, string> = {
  'baseline.json': '{}',
  'database.json': '{}',
  'dump/toc.dat': 'contents',
  'dump/3001.dat.gz': 'rows',
}

/** The manifest of those files. @param change what is to be different */
export function manifestOf(change: object = {}): Manifest {
  return {
    format: 'pgdrill-backup',
    format_version: 1,
    backup_id: 'production-20261123T043000Z',
    tool_version: '0.1.0',
    started_at: '2026-11-23T04:30:00.000Z',
    finished_at: '2026-11-23T04:31:00.000Z',
    snapshot: { name: '00000003-0000001B-1', taken_at: '2026-11-23T04:30:00.123456+00:00', lsn: '0/16B3748' },
    source: {
      target: 'production',
      url: 'postgresql://postgres@localhost:5432/opsmantik',
      database_name: 'opsmantik',
      server_version: '15.18',
      installation_id: '6f1c0d0e-6a1c-4d52-9d0a-0e4f6a1c4d52',
      system_identifier: '7400000000000000000',
      timeline_id: 1,
      server_started_at: '2026-11-20T04:30:00.123456+00:00',
      database_bytes: 12_345_678,
      is_sandbox: false,
    },
    tools: { pg_dump: 'pg_dump (PostgreSQL) 15.18', pg_dumpall: null },
    baseline: { baseline_id: '7a1c0d0e-6a1c-4d52-9d0a-0e4f6a1c4d52', captured_at: '2026-11-23T04:30:00.123456+00:00' },
    encryption: null,
    globals: { is_included: false, problem: 'not asked' },
    roles: ['postgres'],
    table_count: 1,
    files: Object.entries(files).map(([path, text]) => ({
      path,
      bytes: text.length,
      sha256: createHash('sha256').update(text).digest('hex'),
    })),
    ...change,
  }
}

/** Writes such a backup. @param manifest null: without one */
export function writeBackup(directory: string, manifest: object | string | null = manifestOf()): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  if (manifest !== null) {
    writeFileSync(
      join(directory, 'manifest.json'),
      typeof manifest === 'string' ? manifest : JSON.stringify(manifest, null, 2),
    )
  }
  return directory
}
