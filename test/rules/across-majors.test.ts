// What may differ between the versions of two servers, and what may not.

import * as assert from 'uvu/assert'
import type { SchemaObject } from '../../src/database/contract.ts'
import { differsByMajorOnly, majorOfServer } from '../../src/rules/across-majors.ts'
import { suite } from '../support/suite.ts'

const test = suite('rules/across-majors')

const object = (object_kind: string, definition: string): SchemaObject => ({
  object_kind,
  object_name: 'x',
  definition,
  relation_name: null,
  is_of_partition: false,
  problem: null,
})
/** Whether production's definition, on one version, is as the copy's on another. */
const same = (kind: string, production: number, expected: string, copy: number, actual: string) =>
  differsByMajorOnly(object(kind, expected), object(kind, actual), { production, copy })

test('the major version is what a server says first', () => {
  assert.is(majorOfServer('18.4'), 18)
  assert.is(majorOfServer('15.18 (Debian 15.18-0+deb12u1)'), 15)
  assert.is(majorOfServer('19beta1'), 19)
  assert.ok(Number.isNaN(majorOfServer('')))
})

test('a view of one relation: the name of the relation before its columns, up to 15', () => {
  const old = "owner: a\n SELECT t.id,\n    upper(t.name) AS n\n   FROM s.t\n  WHERE t.a = 't.a' AND s.f(t.id);"
  const now = "owner: a\n SELECT id,\n    upper(name) AS n\n   FROM s.t\n  WHERE a = 't.a' AND s.f(id);"
  for (const kind of ['view', 'materialized view']) {
    assert.ok(same(kind, 14, old, 18, now))
    assert.ok(same(kind, 15, old, 16, now))
    assert.ok(same(kind, 18, now, 14, old))
  }
  assert.ok(same('view', 14, ' SELECT t.t,\n "T".b', 18, ' SELECT t.t,\n "T".b'))
  assert.ok(same('view', 14, ' SELECT "a.b".c', 18, ' SELECT c'))
  assert.ok(same('view', 14, ' SELECT t.t FROM t', 18, ' SELECT t FROM t'))
})

test('must differ: a view between versions that write alike, other columns, other relations, other text', () => {
  assert.not.ok(same('view', 16, ' SELECT t.id', 18, ' SELECT id'))
  assert.not.ok(same('view', 14, ' SELECT t.id', 15, ' SELECT id'))
  assert.not.ok(same('view', 14, ' SELECT id', 18, ' SELECT t.id'))
  assert.not.ok(same('view', 14, ' SELECT t.id', 18, ' SELECT ix'))
  assert.not.ok(same('view', 14, ' SELECT t.id, u.a FROM t', 18, ' SELECT id, a FROM t'))
  assert.not.ok(same('view', 14, ' SELECT t.id FROM s.t', 18, ' SELECT id FROM t'))
  assert.not.ok(same('view', 14, " SELECT 't.id'", 18, " SELECT 'id'"))
  assert.not.ok(same('view', 14, ' SELECT t.id', 18, ' SELECT id, b'))
  assert.not.ok(same('view', 14, ' SELECT t.id, t.b', 18, ' SELECT id'))
  assert.not.ok(same('view', 14, 'owner: a\n SELECT t.id', 18, 'owner: b\n SELECT id'))
  assert.not.ok(same('rule', 14, ' SELECT t.id', 18, ' SELECT id'))
})

const all = 'DELETE, INSERT, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE'
const allNow = 'DELETE, INSERT, MAINTAIN, REFERENCES, SELECT, TRIGGER, TRUNCATE, UPDATE'
const starred = (text: string) => text.replaceAll(/\w+/g, '$&*')

test('MAINTAIN beside all other rights, from 17 on', () => {
  for (const kind of ['grant', 'default privilege']) {
    assert.ok(same(kind, 14, all, 17, allNow))
    assert.ok(same(kind, 16, all, 18, allNow))
    assert.ok(same(kind, 17, allNow, 15, all))
    assert.ok(same(kind, 14, starred(all), 17, starred(allNow)))
  }
})

test('must differ: MAINTAIN between versions that know it, beside some rights only, or with another right gone', () => {
  assert.not.ok(same('grant', 17, all, 18, allNow))
  assert.not.ok(same('grant', 14, all, 16, allNow))
  assert.not.ok(same('grant', 14, allNow, 17, all))
  assert.not.ok(same('grant', 14, 'SELECT', 17, 'MAINTAIN, SELECT'))
  assert.not.ok(same('grant', 14, all, 17, allNow.replace('DELETE, ', '')))
  assert.not.ok(same('grant', 14, all.replace('DELETE, ', ''), 17, allNow))
  assert.not.ok(same('grant', 14, all, 17, starred(allNow)))
})

test('a subscription that streams in parallel, from 18 on, and nothing else of it', () => {
  const of = (streaming: string, more = '') => `publications: a\nstreaming: ${streaming}${more}`
  assert.ok(same('subscription', 15, of('off'), 18, of('parallel')))
  assert.not.ok(same('subscription', 15, of('off'), 17, of('parallel')))
  assert.not.ok(same('subscription', 15, of('on'), 18, of('parallel')))
  assert.not.ok(same('subscription', 15, of('parallel'), 18, of('off')))
  assert.not.ok(same('subscription', 15, of('off'), 18, of('parallel', '\nbinary: on')))
})

test('a version that is not known is no excuse', () => {
  assert.not.ok(same('grant', Number.NaN, all, 18, allNow))
  assert.not.ok(same('view', 14, ' SELECT t.id', Number.NaN, ' SELECT id'))
})

test.run()
