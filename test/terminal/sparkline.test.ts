import * as assert from 'uvu/assert'
import { sparkline } from '../../src/terminal/sparkline.ts'
import { suite } from '../support/suite.ts'

const test = suite('sparkline')

test('the limit is on the scale, too', () => {
  assert.is(sparkline([0, 50, 100], 100), '▁▅█')
  assert.is(sparkline([10, 10], 100), '▁▁')
})
test('a value beyond the limit is the highest, and painted', () => {
  assert.is(
    sparkline([100, 200], 100, (bar) => `[${bar}]`),
    '▅[█]',
  )
})
test('what is not known is a dot', () => assert.is(sparkline([null, 0], 0), '·▁'))
test('nothing is nothing', () => assert.is(sparkline([], 10), ''))

test.run()
