import * as assert from 'uvu/assert'
import { dataChecks, sqlChecks, wholeChecks } from '../../src/database/facts.ts'
import { byFamily, familyOf } from '../../src/rules/families.ts'
import { suite } from '../support/suite.ts'

const test = suite('rules/families')

test('every check has a family of its own', () => {
  for (const name of Object.keys({ ...sqlChecks, ...dataChecks, ...wholeChecks })) {
    assert.is.not(familyOf(name), 'other', name)
  }
  assert.is(familyOf('app_health'), 'application')
  assert.is(familyOf('apple'), 'other')
})

test('results keep their order inside of a family, and families have theirs', () => {
  const rows = ['physical', 'row_counts', 'what', 'amcheck', 'identity', 'tenants'].map((check_name) => ({
    check_name,
  }))
  assert.equal(
    byFamily(rows).map(([family, list]) => [family, list.map(({ check_name }) => check_name)]),
    [
      ['target', ['identity']],
      ['data', ['row_counts', 'tenants']],
      ['physical', ['physical', 'amcheck']],
      ['other', ['what']],
    ],
  )
})

test.run()
